// SPDX-License-Identifier: GPL-2.0
// kernels/mutate/files.yaml and kernels/mutate/equivalent.yaml
#include <algorithm>

#include "spec/places.h"
#include "spec/spec.h"

namespace pinrig::spec {
namespace {

using model::EquivalentMutant;

model::MutationOp read_operator(Reader& r, const Node& n) {
  std::vector<std::string> names;
  for (const auto op : model::all_mutation_ops()) names.emplace_back(model::to_string(op));
  const std::size_t at = r.choice(n, "operator", names);
  return r.ok() ? model::all_mutation_ops()[at] : model::MutationOp::drop_release;
}

EquivalentMutant read_equivalent(Reader& r, const Node& n) {
  EquivalentMutant out;
  out.where = r.where(n);
  const Fields f(r, n, Section::equivalent_mutant);
  if (!r.ok()) return out;
  if (const Node* v = f.need("file")) out.file = r.text(*v, "file");
  if (const Node* v = f.need("function")) out.function = r.text(*v, "function");
  if (const Node* v = f.need("operator")) out.op = read_operator(r, *v);
  if (const Node* v = f.need("line")) out.line = r.text(*v, "line");
  set(f, "after", out.after, [&](const Node& v) { return r.text(v, "after"); });
  if (const Node* v = f.need("argument")) out.argument = r.text(*v, "argument");
  return out;
}

EquivalentMutant read_other_code(Reader& r, const Node& n) {
  EquivalentMutant out;
  out.where = r.where(n);
  const Fields f(r, n, Section::other_code);
  if (!r.ok()) return out;
  if (const Node* v = f.need("file")) out.file = r.text(*v, "file");
  out.function = "*";
  set(f, "function", out.function, [&](const Node& v) { return r.text(v, "function"); });
  if (const Node* v = f.need("argument")) out.argument = r.text(*v, "argument");
  return out;
}

}  // namespace

Result<model::MutationFiles> load_mutation_files(const fs::path& project) {
  const fs::path file = project / "kernels/mutate/files.yaml";
  PINRIG_TRY(root, read_tree(file));
  Reader r(shown_path(file));
  const Fields f(r, root, Section::mutation_files);
  model::MutationFiles out;
  out.where = r.where(root);
  if (const Node* n = r.ok() ? f.need("files") : nullptr) out.files = r.texts(*n, "files");
  if (!r.ok()) return r.error();
  return out;
}

Result<std::vector<EquivalentMutant>> load_equivalent_mutants(const fs::path& project) {
  const fs::path file = project / "kernels/mutate/equivalent.yaml";
  PINRIG_TRY(root, read_tree(file));
  Reader r(shown_path(file));
  const Fields f(r, root, Section::equivalent_mutants);
  std::vector<EquivalentMutant> out;
  if (const Node* n = r.ok() ? f.need("mutants") : nullptr) {
    for (const auto& item : r.list_or_none(*n, "mutants")) out.push_back(read_equivalent(r, item));
  }
  if (const Node* n = r.ok() ? f.get("other_code") : nullptr) {
    for (const auto& item : r.list_or_none(*n, "other_code")) out.push_back(read_other_code(r, item));
  }
  if (!r.ok()) return r.error();
  return out;
}

}  // namespace pinrig::spec
