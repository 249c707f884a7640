"""Models of other packages under the conditions of ours; each needs the package it is named after."""
