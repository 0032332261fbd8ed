"""The pages: what they show is worked out here, and drawn by the templates."""
