// SPDX-License-Identifier: GPL-2.0
// Comments may come before the block.

/* user:

what: a memfd as a dma-buf
traits: [in, long]
not_memory: {thp: "it takes memfds only"} */
