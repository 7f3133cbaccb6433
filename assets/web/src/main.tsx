/** The page's beginning. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { auth, recognise } from "./lib/auth";
import { paint } from "./lib/preferences";
import { ApiError } from "./lib/problem";
import { useStore } from "./lib/store";
import { router } from "./shell/router";
import { Skeleton } from "./ui/page";
import { Problem } from "./ui/problem";
import { TipProvider } from "./ui/tip";
import "virtual:themes.css";
import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/ui.css";
import "./shell/shell.css";

paint();

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server refuses, it refuses again.
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status < 500),
      staleTime: 5_000,
      refetchOnWindowFocus: false,
    },
  },
});

function App() {
  const state = useStore(auth);
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    recognise().then(() => setError(null), setError);
  }, [attempt]);
  useEffect(() => {
    // Nothing of one account is shown to the next.
    if (state.state === "out") queries.clear();
  }, [state.state]);
  if (state.state !== "unknown") return <RouterProvider router={router} />;
  return <main className="bare-page">{error === null ? <Skeleton /> : <Problem error={error} onRetry={() => setAttempt(attempt + 1)} />}</main>;
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <TipProvider>
          <App />
        </TipProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
