// One function per rule: a tree in, findings out. The rules themselves are data in rules.h.
#pragma once

#include <string>
#include <vector>

#include "tests/style/source_tree.h"

namespace telepost::style {

struct Finding {
  std::string rule;  // the first column of allowed.txt
  std::string path;  // the second
  std::size_t line = 0;
  std::string text;  // what is wrong and what to do
};
using Findings = std::vector<Finding>;
std::string to_string(const Finding& finding);

Findings check_root(const SourceTree& tree);
Findings check_ladder(const SourceTree& tree);
Findings check_libraries(const SourceTree& tree);
Findings check_names(const SourceTree& tree);
Findings check_banned_texts(const SourceTree& tree);
Findings check_sizes(const SourceTree& tree);
Findings check_mains(const SourceTree& tree);
Findings check_headers(const SourceTree& tree);
Findings check_folder_readmes(const SourceTree& tree);
Findings check_readme_paths(const SourceTree& tree);     // every path and telepost command that README.md names
Findings check_readme_commands(const SourceTree& tree);
Findings check_nine_stops(const SourceTree& tree);

// allowed.txt: lines "rule path reason…", '#' starts a comment. Findings that are allowed go; an entry without a
// reason, or one that nothing needs any more, is a finding itself.
Findings without_allowed(Findings findings, const std::string& allowed);

}  // namespace telepost::style
