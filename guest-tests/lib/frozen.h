// SPDX-License-Identifier: GPL-2.0
// A process that waits in state D, for the tests of the judge (suite oracle): a writer to a frozen file
// system.
#pragma once

#include <stdbool.h>
#include <sys/types.h>

// A file for the writer, to be opened before anything is frozen. -1: the running case has failed.
int frozen_file(void);
// Freezes the file system of the working directory or sets it free again. False: the running case has failed.
bool frozen_set(bool frozen);
// A child that writes one byte to `file` and exits with 0. With a frozen file system it waits in state D,
// where no signal reaches it, when this returns. -1: the running case has failed.
pid_t frozen_writer(int file);
