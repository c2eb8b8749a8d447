// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>

#include "tools/tidy_rules.h"

namespace {

namespace fs = std::filesystem;
namespace tidy = bowline::tidy;

// Products, what is fed to the fuzzers, and what belongs to version control or to an editor: see
// .gitignore.
bool is_skipped_folder(const std::string& name) {
  return name == "build" || name == "campaign" || name == "corpus" ||
         (name.starts_with('.') && name != ".ci");
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

tidy::Tree read_tree(const fs::path& root) {
  tidy::Tree tree;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
    const bool is_folder = it->is_directory() && !it->is_symlink();
    if (is_folder && is_skipped_folder(it->path().filename().string())) {
      it.disable_recursion_pending();
    }
    if (!it->is_regular_file()) continue;
    std::string text = read(it->path());
    if (text.contains('\0')) text.clear();  // a picture: may be linked to, is not read
    std::string path = it->path().lexically_relative(root).generic_string();
    tree.emplace(path, tidy::make_source(path, std::move(text)));
  }
  return tree;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || !fs::is_directory(argv[1])) {
    std::cerr << "usage: tidy DIRECTORY        checks a checkout of this repository\n";
    return 2;
  }
  const tidy::Tree tree = read_tree(argv[1]);
  const tidy::Findings findings = tidy::check_all(tree);
  for (const tidy::Finding& finding : findings) std::cout << tidy::describe(finding) << '\n';
  const tidy::Weight weight = tidy::weigh_raft(tree);
  std::cout << tidy::describe(weight) << "\ntidy: " << tree.size() << " files, " << findings.size()
            << " findings\n";
  return findings.empty() ? 0 : 1;
}
