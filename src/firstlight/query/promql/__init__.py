"""PromQL: text to syntax tree, checked; what it needs of the store; and the algebra over what came back."""
