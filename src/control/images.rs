//! Images: who may name them.
use super::Control;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Image;

impl Control {
    /// The image that has this name now; none where the name is free.
    ///
    /// # Errors
    /// `invalid_value` when it can't be an image's name.
    pub(super) async fn named_image(&self, reference: &str) -> Result<Option<Image>> {
        if reference.contains('@') || reference.starts_with("sha256:") {
            return Err(Error::invalid(format!("'{reference}' is no name that an image can be given")).fix("write it as NAME:TAG"));
        }
        match self.parts().engine.images().get(reference).await {
            Ok(image) => Ok(Some(image)),
            Err(error) if error.code == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
