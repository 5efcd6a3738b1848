"""What a change of the project means: two models, and which metrics answer otherwise, in which cuts, and why."""
