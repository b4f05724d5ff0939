// SPDX-License-Identifier: GPL-2.0
// Kernels as pinrig names them: a base, a series of patches on it, a point of that series.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/verdict.h"

namespace pinrig::model {

enum class Arch { x86_64, aarch64 };
const char* to_string(Arch arch);                          ///< "x86_64", "aarch64" (uname -m)
std::optional<Arch> arch_from_string(const std::string&);  ///< also accepts "amd64" and "arm64"
const char* kernel_arch(Arch arch);                        ///< value of make ARCH=: "x86_64", "arm64"

/// The location of a value in a file of the user; line and column count from 1, 0 = unknown.
struct SourceLocation {
  std::string file;
  int line = 0;
  int column = 0;
};
std::string to_string(const SourceLocation& where);  ///< "file:line:column"

/// A kernel source before any patch (kernels/NAME.yaml).
struct KernelBase {
  struct Debian {
    std::string package;  ///< "linux-source-6.12": /usr/src/PACKAGE.tar.xz
    std::string suite;    ///< "trixie-backports": fetched from there; empty: the installed package
  };
  struct Git {
    std::string url;  ///< URL or path of a repository
    std::string rev;  ///< anything that git rev-parse accepts there
  };
  struct Tarball {
    std::string path;  ///< absolute
  };
  std::string name;
  std::variant<Debian, Git, Tarball> source;
  SourceLocation where;
};

/// What is expected of some tests at some points. A verdict outside `verdicts` is a regression; with
/// `required`, at least one matching test must have been judged at each point it names.
struct Expectation {
  std::string tests;                ///< glob over "suite/test" or "suite/test:case"
  std::vector<Verdict> verdicts;    ///< allowed ones, never empty
  std::vector<std::string> points;  ///< "base", "tip" or numbers; empty = every point
  std::vector<Arch> archs;          ///< empty = all
  std::string reason;
  bool required = true;
  SourceLocation where;
};

/// Patches on a base (kernels/series/NAME/series.yaml).
struct Series {
  struct Mbox {
    std::string path;
  };
  struct PatchDir {
    std::string path;
  };
  struct GitRange {
    std::string repo;
    std::string range;  ///< "A..B"
  };
  std::string name;
  std::string title;
  std::string base;  ///< name of a KernelBase
  std::variant<Mbox, PatchDir, GitRange> patches;
  std::vector<Expectation> expect;
  bool same = false;  ///< `expect: same`: what no expectation is about may not differ from the base
  std::map<std::string, std::string> capabilities;  ///< required values, e.g. dio.bdev: pin
  SourceLocation where;
};

/// A series up to and including patch `number`; 0 is the base. It is identified by its tree and, above the
/// base, by its patch; number and label are for people.
struct Point {
  int number = 0;
  std::string label;     ///< "base", "tip" or the number: what people type and read
  std::string subject;   ///< of patch `number`; empty for the base
  std::string commit;    ///< in pinrig's own repository of the base
  std::string tree;      ///< of that commit
  std::string patch_id;  ///< `git patch-id --stable` of patch `number`; empty for the base
  std::string version;   ///< `make kernelversion` of the tree: "6.12.117"

  bool is_base() const { return number == 0; }
};

}  // namespace pinrig::model
