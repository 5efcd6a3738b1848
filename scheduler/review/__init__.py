"""What a change of a project means to those who ask it: for reviews, hooks and CI. REVIEW.md shows how."""
