// SPDX-License-Identifier: GPL-2.0
// Which mails of a thread are the series, and in which order. Pure. Private to the module.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "git/numbering.h"

namespace pinrig::git {

/// A mail as far as the choice depends on it.
struct ThreadMail {
  Numbered numbered;
  std::string diff;  ///< empty when it has none
};

struct Choice {
  std::vector<std::size_t> order;    ///< indices of the mails to apply, in order
  std::vector<std::string> notices;  ///< every skipped mail with a diff, and why; one line each
};

/// The newest complete version: numbered patches by number, others in the order of the mails. Mails without a
/// number are not taken while a numbered series is incomplete, whatever their version. Duplicates are
/// dropped; a part that is missing is taken from a reply that carries its number; a patch numbered beyond the
/// series is applied after it. Each of these is a notice. A lone patch is taken whatever its number.
/// bad_input, beginning with `where`: a part is missing in every version, two different patches have the same
/// number, a number cannot be parsed, all mails are numbered in another form. An empty order means that no
/// mail contains a diff.
Result<Choice> choose_patches(const std::vector<ThreadMail>& mails, const std::string& where);

}  // namespace pinrig::git
