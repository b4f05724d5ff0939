// SPDX-License-Identifier: GPL-2.0
// From mails, files or a range to patches in order. Private to the module.
#pragma once

#include "git/git_command.h"

namespace pinrig::git {

/// One patch, decoded: nothing of mail is left in it.
struct Patch {
  std::string subject;
  std::string author;   ///< "Name <address>"
  std::string message;  ///< subject, empty line, body
  std::string diff;
};

/// The bytes a series was given as: what its cache key is made of, and what it is read from.
struct RawSeries {
  struct File {
    std::string name;  ///< for people: path, or "patch 3 of A..B"
    std::string text;
  };
  std::vector<File> files;
  bool keep_order = false;     ///< files are in an order that the user chose (a `series` file, a range)
  bool keep_subjects = false;  ///< subjects are commits', without "[PATCH]"
  fs::path objects;            ///< of the repository of a range, for three-way merges
  std::string where;           ///< the series' source for messages
};

/// Reads without judging. bad_input: nothing there, HTML, an unknown revision, a merge in the range.
Result<RawSeries> read_series(const Git& git, const model::Series& series);

/// Mails taken apart and put in order; bad_input for what is no series.
Result<std::vector<Patch>> decode_series(const Git& git, const RawSeries& raw, const fs::path& temp);

}  // namespace pinrig::git
