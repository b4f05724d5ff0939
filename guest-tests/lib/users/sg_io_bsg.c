// SPDX-License-Identifier: GPL-2.0
/* user:
what: "READ(10) and WRITE(10) by SG_IO on the disk's node in /dev/bsg"
rows: [P4]
traits: [in, out, data, carry, short]
needs: {nvme: [pin-raw], devices: [scsi], symbols: [SCSI_VIRTIO, BLK_DEV_SD, BLK_DEV_BSG]}
proof: {mutant: m18-passthrough-unpins-twice, red: [release.half_in.anon]}
*/
#include "contract/scsi_user.h"

SCSI_USER(sg_io_bsg, SCSI_BSG);
