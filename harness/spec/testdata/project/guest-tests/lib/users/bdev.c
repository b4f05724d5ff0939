// SPDX-License-Identifier: GPL-2.0
/* user:
what: "O_DIRECT read() and write() on a block device"
rows: [D1]
traits: [in, out]
limit: 90
needs: {nvme: [raw0], symbols: [BLK_DEV_NVME, SWAP], hugepages_2m: 8, fs_size: 2G}
env: {MODE: some}
not: {swap: "it holds nothing between two transfers", pages.in.thp: "one case"}
proof: {mutant: m02-bio-put-refs, red: ["pages.*"]}
*/
int adapter;
