// SPDX-License-Identifier: GPL-2.0
// A run as one HTML file: complete without scripts, and without a request to anywhere.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "store/store.h"

namespace pinrig::html {

struct Options {
  /// Where the page will be: files of the run become links, relative to it, if it is in the run's folder.
  fs::path file = {};
  std::size_t limit = 1'000'000;  ///< bytes; evidence that does not fit is cut, each cut with a mark
};

struct Page {
  std::string text;
  std::vector<std::string> cut;  ///< what was omitted, a line each; empty: nothing
};

/// The page of a run in any state. Reads the store; of the run's folder coverage.json, consoles of what is
/// not as expected, the times of its files; and the logs of bisections that had this run.
Result<Page> run_page(const store::Store& store, const store::RunRow& run, const Options& options = {});

}  // namespace pinrig::html
