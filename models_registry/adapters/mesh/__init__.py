"""3D models: Shap-E-class pipelines of diffusers, and local programs that write a mesh."""
