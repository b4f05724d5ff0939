// SPDX-License-Identifier: GPL-2.0
#include "cli/dump_options.h"

#include <fmt/format.h>

namespace pinrig::cli {

CLI::Validator dump_cause() {
  return CLI::Validator(
      [](const std::string& word) -> std::string {
        return model::dump_cause_from_string(word)
                   ? ""
                   : fmt::format("no such cause '{}'; known: on-crash, on-leak, on-hang", word);
      },
      "");
}

std::function<void(const Words&)> dump_causes_into(model::DumpOrder& order) {
  return [&order](const Words& words) {
    for (const auto& word : words) {
      const auto cause = model::dump_cause_from_string(word);
      if (cause && !order.wants(*cause)) order.when.push_back(*cause);
    }
  };
}

}  // namespace pinrig::cli
