"""Many keywords in one pass over the bytes of texts: the automaton of Aho and Corasick, as a table.

A. V. Aho and M. J. Corasick, "Efficient string matching: an aid to bibliographic search", Communications of the ACM
18(6), 1975. doi:10.1145/360825.360855. A state is a longest suffix of what was read that some keyword begins with;
``step[state, kind[byte]]`` is the next one. Bytes that no keyword contains share kind 0, which keeps the table small.
"""

from __future__ import annotations

import numpy as np

from weaklab._kernels._jit import kernel

#: What a scan writes for a labeling function on a row.
NO, YES, UNSURE = 0, 1, 2


@kernel
def build_trie(text, starts, kind, step, word):  # type: ignore[no-untyped-def]
    """Enter keywords w, ``text[starts[w]:starts[w + 1]]``, into ``step`` (0 = no child); returns how many states."""
    states = 1
    for w in range(starts.shape[0] - 1):
        state = 0
        for at in range(starts[w], starts[w + 1]):
            child = step[state, kind[text[at]]]
            if child == 0:
                child = states
                step[state, kind[text[at]]] = child
                states += 1
            state = child
        word[state] = w
    return states


@kernel
def link(states, step, word, first, following):  # type: ignore[no-untyped-def]
    """Turn a trie into an automaton.

    ``first[s]`` becomes the state of the longest keyword that ends where s does, 0 where none does, and
    ``following[s]`` that of the next longest.
    """
    suffix = np.zeros(states, dtype=np.int32)
    queue = np.empty(states, dtype=np.int32)
    queue[0] = 0
    end = 1
    for at in range(states):
        state = queue[at]
        for c in range(step.shape[1]):
            child = step[state, c]
            below = step[suffix[state], c] if state != 0 else 0
            if child == 0 or (state == 0 and child == 0):
                step[state, c] = below
            else:
                suffix[child] = below
                queue[end] = child
                end += 1
        if state != 0:
            following[state] = first[suffix[state]]
            first[state] = state if word[state] >= 0 else following[state]


@kernel
def scan(  # type: ignore[no-untyped-def]
    text, bounds, start, stop, kind, is_word, step, word, first, following, length, entries, lf, edges, need, found
):
    """Which labeling functions find enough of their keywords in texts ``start`` to ``stop``.

    Keyword w is sought by the entries ``entries[w]:entries[w + 1]``: each names a labeling function, and whether no
    letter may stand before (1) or after (2) it. Next to a byte beyond ASCII that is not decided here, but UNSURE.
    """
    seen = np.full(lf.shape[0], -1, dtype=np.int64)  # the last text in which the entry was found
    counted = np.full(need.shape[0], -1, dtype=np.int64)
    count = np.zeros(need.shape[0], dtype=np.int64)
    for i in range(start, stop):
        begin, end = np.uint64(bounds[i]), np.uint64(bounds[i + 1])
        state = np.int32(0)
        for at in range(begin, end):
            state = step[np.uint32(state), kind[text[np.uint64(at)]]]
            at_word = first[np.uint32(state)]
            while at_word != 0:
                w = word[at_word]
                before, after = np.int64(at) - length[w], np.int64(at) + 1
                left = 0 if before < np.int64(begin) else is_word[text[before]]
                right = 0 if after >= np.int64(end) else is_word[text[after]]
                for e in range(entries[w], entries[w + 1]):
                    if seen[e] == i:
                        continue
                    near_left = left if edges[e] & 1 else 0
                    near_right = right if edges[e] & 2 else 0
                    j = lf[e]
                    if near_left == 1 or near_right == 1:
                        continue
                    if near_left == 2 or near_right == 2:
                        if found[j, i] == NO:
                            found[j, i] = UNSURE
                        continue
                    seen[e] = i
                    if counted[j] != i:
                        counted[j] = i
                        count[j] = 0
                    count[j] += 1
                    if count[j] == need[j]:
                        found[j, i] = YES
                at_word = following[at_word]
