// SPDX-License-Identifier: GPL-2.0
// The kernel's virtual video driver.
#pragma once

// Its node that captures into memory, not waiting for frames; -1: there is none (VIDEO_VIVID), nothing is reported.
int vivid_open(void);
