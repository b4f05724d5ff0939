// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "model/record.h"

namespace pinrig::model {

const std::vector<std::string>& event_kinds() {
  static const std::vector<std::string> all{
      "panic",       "oops",        "bug",         "kasan",       "kfence",    "race",      "bad_page",
      "rss_counter", "slab",        "refcount",    "warning",     "lockdep",   "ubsan",     "atomic_sleep",
      "preemptible", "lock",        "soft_lockup", "hard_lockup", "hung_task", "rcu_stall", "irq",
      "oom",         "memory_leak", "reference",   "hardware",    "page_dump", "reboot",    "events_lost"};
  return all;
}

std::vector<std::string> located_text(const KernelEvent& event) {
  std::vector<std::string> out;
  auto at = event.lines.begin();
  for (std::size_t i = 0; i < event.text.size(); ++i) {
    std::string text = event.text[i];
    const std::string indent = text.substr(0, std::min(text.find_first_not_of(' '), text.size()));
    for (; at != event.lines.end() && at->frame == static_cast<int>(i); ++at) {
      const std::string where = fmt::format("{}:{}{}", at->file, at->line,
                                            at->patch > 0 ? fmt::format(", patch {}", at->patch) : "");
      if (at->inlined)
        out.push_back(fmt::format("{}{} {} [inline]", indent, at->function, where));
      else
        text += " " + where;
    }
    out.push_back(std::move(text));
  }
  return out;
}

}  // namespace pinrig::model
