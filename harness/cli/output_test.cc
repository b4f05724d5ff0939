// SPDX-License-Identifier: GPL-2.0
#include "cli/output.h"

#include <gtest/gtest.h>

namespace pinrig::cli {
namespace {

TEST(Output, AnErrorCannotControlTheTerminal) {
  const Error e = make_error(ErrorKind::apply_failed, "patch 1 \"caf\xe9\": mm/go\x1b[31mne.c\nsecond line",
                             "error: mm/go\x1b[31mne.c\r\n\xc2\x9b"
                             "2J");
  EXPECT_EQ(error_text(e),
            "pinrig: patch 1 \"caf\xef\xbf\xbd\": mm/go\\x1b[31mne.c\nsecond line\n"
            "  error: mm/go\\x1b[31mne.c\n  \\x9b"
            "2J\n");
}

}  // namespace
}  // namespace pinrig::cli
