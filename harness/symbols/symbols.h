// SPDX-License-Identifier: GPL-2.0
// Addresses and frames of a kernel as source lines, from its vmlinux: the only user of elfutils' libdw.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pinrig::symbols {

/// One function at an address. Several of them are one inlined into the next.
struct Place {
  std::string function;
  std::string file;  ///< relative to the tree: "mm/gup.c"; as the compiler wrote it when it is outside
  int line = 0;
  bool inlined = false;  ///< into the function of the next place
};

/// An address in the text of a log.
struct Frame {
  std::string function;      ///< with the compiler's suffix: "gup_fast.constprop.0"
  std::uint64_t offset = 0;  ///< bytes from the function's begin
  std::uint64_t size = 0;    ///< of the function, as kallsyms has it: to the next symbol
  bool returns = false;      ///< where a call returns to: the call is before it
};

/// The frame of a line of a call trace (" gup_fast+0x1a/0x40"), of "RIP: 0010:" or of "pc : "; a size of 0
/// when the line has none, and for "? func+0x1/0x2", which was only a word found on the stack.
Frame frame_in(std::string_view line);

class Vmlinux {
 public:
  /// Reads symbols and the list of compilation units; lines are read when they are asked for. bad_input when
  /// the file is no ELF file.
  static Result<Vmlinux> open(const fs::path& file);
  Vmlinux(Vmlinux&&) noexcept;
  Vmlinux& operator=(Vmlinux&&) noexcept;
  ~Vmlinux();

  /// False when the kernel was built without debug information: at() is then empty.
  bool has_lines() const;

  /// The value of an enumerator, such as PG_head of enum pageflags; nothing when no unit has it.
  std::optional<std::int64_t> enumerator(const std::string& enumeration, const std::string& name) const;

  /// Innermost first; empty when the address is in no function with debug information. KASLR is off in
  /// guests, so the addresses of their logs are those of the file.
  std::vector<Place> at(std::uint64_t address) const;
  /// The same of a frame. Empty when no function has that name and size, or several have: another kernel
  /// wrote the log, or its frame is ambiguous. "next+0x0/..." that a call returns to is the function before.
  std::vector<Place> at(const Frame& frame) const;

 private:
  struct Impl;
  explicit Vmlinux(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pinrig::symbols
