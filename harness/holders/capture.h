// SPDX-License-Identifier: GPL-2.0
// What a guest brings out of a leaking test: changes of the reference counts of pinned pages with their
// stacks (tracefs, events page_ref:*), and who allocated the pages (debugfs's page_owner). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pinrig::holders {

/// A pin of a page without a pincount is so many references (GUP_PIN_COUNTING_BIAS, include/linux/mm.h).
inline constexpr int bias = 1024;

/// A place in a stack. Addresses are where a call returns to.
struct Frame {
  std::uint64_t address = 0;  ///< 0 when the kernel printed only the text
  std::string text;           ///< "bio_release_pages", "get_page_from_freelist+0x1a/0x40"
};
using Stack = std::vector<Frame>;  ///< innermost first

/// One event of page_ref.
struct Change {
  double at_s = 0;   ///< guest clock
  std::string task;  ///< that was running; an interrupt borrows one
  int pid = 0;
  int cpu = 0;
  std::string event;  ///< "page_ref_mod_and_test"
  std::uint64_t pfn = 0;
  std::string flags;   ///< "uptodate|dirty|lru|swapbacked"
  bool large = false;  ///< head of a large folio, which may have a pincount
  int count = 0;       ///< references after the change
  int mapcount = 0;    ///< as the kernel stores it: one less than mappings; meaningless for a large folio
  std::uint64_t mapping = 0;
  int by = 0;                        ///< added to the count
  std::optional<std::size_t> stack;  ///< in Capture::stacks
};

/// An entry of page_owner.
struct Owner {
  int order = 0;
  int pid = 0;
  std::string task;  ///< empty before 5.19, which does not print it
  Stack stack;
};

struct Capture {
  std::vector<Change> changes;  ///< in the order of the trace
  std::vector<Stack> stacks;    ///< each once
  std::uint64_t lost = 0;       ///< events that the ring buffer did not keep
  bool whole = true;            ///< false: the guest printed only the first part
  std::map<std::uint64_t, Owner> owners;
  std::int64_t acquired = 0;  ///< pins, as the counters of /proc/vmstat had them over the test
  std::int64_t released = 0;
  int code = -1;  ///< the test's exit code
};

/// What the guest's shell runs: the events on, `test_command`, the events off, and all of it on the console.
/// `head_flag`: bit of PG_head in this kernel's page flags, to follow large folios; nothing: they are not.
std::string script(const std::string& test_command, std::optional<int> head_flag);

/// From the console that such a script leaves. infra when the guest ended before the end mark, or the kernel
/// lacks the events.
Result<Capture> read_capture(std::string_view console);

}  // namespace pinrig::holders
