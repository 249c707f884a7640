"""Components: a folder for each cycle that `dg scaffold defs macro_cycle.CycleComponent CODE` begins."""
