// SPDX-License-Identifier: GPL-2.0
// From mails, files or a range to patches in order. Private to the module.
#pragma once

#include <memory>

#include "git/git_command.h"

namespace pinrig::git {

/// One patch, decoded: without mail headers.
struct Patch {
  std::string subject;
  std::string author;   ///< "Name <address>"
  std::string message;  ///< subject, empty line, body
  std::string diff;
  int strip = 1;        ///< -pN of the diff
  std::string file;     ///< the user's, for messages
  int line = 0;         ///< where the diff begins in it; 0 when it was encoded
  bool flowed = false;  ///< its mail says format=flowed
  bool fuzzy = false;   ///< listed for quilt, which applies it with less context than git am
  std::string tree;     ///< of a range: the tree of the commit, if the patch produces exactly that
};

/// A commit of a range.
struct RangeCommit {
  std::string commit;
  std::string parent;
  std::string tree;
  std::string parent_tree;
  std::string author;
  std::string subject;
  std::string message;
};

/// The bytes of a series as given: for its cache key, and to read it from.
struct RawSeries {
  enum class Order {
    thread,   ///< mails of a list: versions, replies, numbers
    mails,    ///< mails in files of their own: as a thread when they number one series, else as files
    names,    ///< files in the order of their names
    listed,   ///< files in the order of `series`
    commits,  ///< a range
  };
  struct File {
    std::string name;  ///< for people: a path
    std::string text;
    int strip = 1;
  };
  std::vector<File> files;
  Order order = Order::thread;
  std::vector<RangeCommit> commits;
  fs::path repo;                     ///< of a range
  fs::path objects;                  ///< of that repository, for three-way merges
  std::shared_ptr<TempDir> fetched;  ///< that repository, when it came from a URL
  std::string where;                 ///< the series' source for messages
  std::vector<std::string> notices;  ///< one line each
  std::vector<std::string> now;      ///< those about the moment, which are not remembered with the series
};

/// Reads without judging. bad_input: nothing found, HTML, UTF-16, a bundle, an unknown revision, a merge in
/// the range. `cache` takes what is fetched for the range of a URL.
Result<RawSeries> read_series(const Git& git, const model::Series& series, const fs::path& cache);

/// A line of commits A..B of a repository here or at a URL. Empty commits are skipped with a notice.
Result<RawSeries> read_range(const Git& git, const model::Series::GitRange& range, const fs::path& cache);

/// The patches of a range: trees as they are when the range begins at `source`, else diffs.
Result<std::vector<Patch>> decode_range(const Git& git, const RawSeries& raw, const Source& source);

struct Decoded {
  std::vector<Patch> patches;
  std::vector<std::string> notices;
};
/// Mails taken apart and put in order; bad_input if it is not a series.
Result<Decoded> decode_series(const Git& git, const RawSeries& raw, const fs::path& temp);

}  // namespace pinrig::git
