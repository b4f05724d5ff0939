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
  std::string diff;  ///< empty when it holds none
};

struct Choice {
  std::vector<std::size_t> order;    ///< indices of the mails to apply, in order
  std::vector<std::string> notices;  ///< every mail with a diff that is left out, and why; one line each
};

/// The newest complete version: numbered patches by number, others as the mails stand. Duplicates are
/// dropped; a part that is missing is taken from a reply that carries its number; a patch numbered beyond
/// the series follows it. Each of these is a notice. A lone patch is taken whatever its number. bad_input,
/// beginning with `where`: a part is missing in every version, two different patches bear one number, a
/// number is not understood. An empty order means that no mail holds a diff.
Result<Choice> choose_patches(const std::vector<ThreadMail>& mails, const std::string& where);

}  // namespace pinrig::git
