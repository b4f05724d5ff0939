// SPDX-License-Identifier: GPL-2.0
// SG_IO transfers of memory in pieces (lib/pieces.h): pins, data, and leaks.
#pragma once

#include "pieces.h"
#include "scsi.h"
#include "transfer.h"

struct scsi_case {
  const struct pieces* pieces;
  enum scsi_node node;
  bool write;
  bool flat;   // one piece, passed without an iovec
  int repeat;  // 0: once
};

// A case: `const struct scsi_case*`. Judges the counts by capability dio.passthru, the data, and huge pages
// or memfd.
void scsi_pieces_case(const void* arg);

// The disk, for transfer_store() and transfer_compare().
extern const struct target scsi_target;
