"""Models in MLflow: runs, registered versions and aliases, as people read them. MLflow and nothing else."""
