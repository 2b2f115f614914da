"""What a command means without a name: `project_folder` is the project's folder, `environment` the environment."""
