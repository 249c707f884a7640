"""MAP-EM of very many lanes at once in torch, for a GPU: every covariance and emission that the kernels know.

`run` drives the lanes, `chain` is the hidden chain, `independent` and `correlated` are the emissions, `mixing` what
Student-t cells share, `lanes` what all of them stand on. The updates are those of `hmm/kernels`, in float64, and the
names too. Sums are taken in another order than the kernels take them: results agree to about 1e-10, not to the bit,
so nothing switches to this path unasked.

Axes: B lanes, T months of the longest sample, D columns, K regimes, P patterns of missing cells. A shorter sample
ends in dead months, in which no cell is observed and the chain stands still.
"""
