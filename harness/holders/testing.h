// SPDX-License-Identifier: GPL-2.0
// Traces as the guest's shell prints them, for the tests of holders.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "holders/ledger.h"

namespace pinrig::holders {

/// A console: events with their stacks between the marks.
class Guest {
 public:
  Guest& event(const std::string& what, const std::string& stack, const std::string& flags = "lru|swapbacked",
               int cpu = 0) {
    text_ += fmt::format(
        "          dio_rw-85      [{0:03}] .....     3.456789: {1} flags={2} mapcount=0 "
        "mapping=ffff888003a1b001 mt=1\n",
        cpu, what, flags);
    stack_of(stack, cpu);
    return *this;
  }
  /// "page_ref_mod: pfn=0x1234 count=1026 val=1024"
  Guest& change(std::uint64_t pfn, int by, int count, const std::string& stack,
                const std::string& flags = "lru|swapbacked") {
    return event(fmt::format("page_ref_mod: pfn={:#x} count={} val={}", pfn, count, by), stack, flags);
  }
  Guest& line(const std::string& text) {
    text_ += text + "\n";
    return *this;
  }
  std::string console() const {
    return "[    0.1] boot\r\npinrig: holders begin\nbefore nr_foll_pin_acquired 100\nbefore "
           "nr_foll_pin_released 98\n"
           "after nr_foll_pin_acquired 104\nafter nr_foll_pin_released 99\npinrig: exit code 1\noverrun: "
           "0\n" +
           text_ + "pinrig: holders end\n";
  }
  Capture capture() const {
    auto r = read_capture(console());
    EXPECT_TRUE(r.has_value()) << r.error().message;
    return r.has_value() ? *r : Capture{};
  }

 private:
  /// "a b c", innermost first; the same stack again is its number alone, as the guest prints it.
  void stack_of(const std::string& names, int cpu) {
    text_ += fmt::format("          dio_rw-85      [{:03}] .....     3.456790: <stack trace>\n", cpu);
    const auto [at, fresh] = numbers_.emplace(names, numbers_.size() + 1);
    text_ += fmt::format("{}{}\n", fresh ? "+" : "=", at->second);
    if (!fresh) return;
    for (const auto& name : split(names, ' ')) text_ += fmt::format(" => {} <ffffffff81000010>\n", name);
  }

  std::string text_;
  std::map<std::string, std::size_t> numbers_;
};

/// Functions as they are, in files of their own; what has a dot before it was inlined into the next.
inline std::vector<model::SourceLine> resolve(const Frame& f) {
  static const std::map<std::string, std::string> files{{"gup_fast", "mm/gup.c"},
                                                        {"unpin_user_folio", "mm/gup.c"},
                                                        {"bio_iov_iter_get_pages", "block/bio.c"},
                                                        {"__bio_release_pages", "block/bio.c"},
                                                        {"blkdev_bio_end_io", "block/fops.c"}};
  const auto at = files.find(f.text);
  if (at == files.end()) return {};
  return {{0, f.text, at->second, 10, false, 0}};
}

inline constexpr const char* pin_path =
    "__page_ref_mod gup_fast pin_user_pages_fast bio_iov_iter_get_pages ksys_read";
inline constexpr const char* unpin_path = "unpin_user_folio __bio_release_pages blkdev_bio_end_io";
inline constexpr const char* put_path = "folio_put __bio_release_pages blkdev_bio_end_io";

inline std::string text_of(const std::string& file) {
  const auto text = read_file(fs::path(PINRIG_TESTDATA) / file);
  EXPECT_TRUE(text.has_value()) << file;
  return text.has_value() ? *text : "";
}

/// A trace of a guest, cut to a few pages.
inline Ledger ledger_of(const std::string& file) {
  const auto capture = read_capture(text_of(file));
  EXPECT_TRUE(capture.has_value()) << file;
  return capture.has_value() ? make_ledger(*capture, nullptr) : Ledger{};
}

}  // namespace pinrig::holders
