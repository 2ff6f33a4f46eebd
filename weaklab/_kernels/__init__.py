"""The numba kernels: arrays in, arrays out.

numba stands in this folder and nowhere else. A kernel takes contiguous arrays and scalars, allocates nothing inside
a row loop and knows no estimator, frame or name. Kernels run over chunks of rows of a fixed size, in threads, and
partial sums are combined in chunk order, so that the same bits come out at any number of threads.
"""
