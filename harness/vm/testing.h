// SPDX-License-Identifier: GPL-2.0
// A QEMU for tests: this test program under another name, first in PATH. It connects to the sockets of
// its command line, answers on QMP and plays one role on the control port.
#pragma once

#include <string>

#include "base/file.h"

namespace pinrig::vm {

/// A directory with both qemu-system-*, put first in PATH until destruction; `role` is one of
/// testing.cc.
class FakeQemu {
 public:
  explicit FakeQemu(const std::string& role);
  ~FakeQemu();
  FakeQemu(const FakeQemu&) = delete;
  FakeQemu& operator=(const FakeQemu&) = delete;

 private:
  TempDir bin_;
  std::string old_path_;
};

}  // namespace pinrig::vm
