/** Colours that tell containers apart; the next one has the first again. */
export const HUES = 5;
