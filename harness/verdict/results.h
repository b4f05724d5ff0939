// SPDX-License-Identifier: GPL-2.0
// The saved bytes of the results port, as records. Pure, and suspicious: a guest with a broken kernel may
// write anything there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/verdict.h"
#include "wire/messages.h"

namespace pinrig::verdict {

struct Results {
  std::optional<wire::Hello> hello;
  std::optional<wire::SetupDone> setup;  ///< of all set-ups together
  std::optional<wire::HoldResult> hold;
  /// In order of their begin; a test that began and has no (believable) end is `lost`.
  std::vector<model::TestRecord> records;
  /// What does not fit, one line each: damage, unknown messages, numbers that cannot be, left-over processes.
  std::vector<std::string> problems;
};

/// Reads results.raw. A frame cut off at the end (the guest died while writing) loses only itself; after
/// damage nothing more is read, and `problems` says at which byte.
Results read_results(std::string_view raw);

}  // namespace pinrig::verdict
