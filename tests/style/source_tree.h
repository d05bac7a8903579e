// The checkout as a map from path to text, so that the checks can be tested on small trees made by hand.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace telepost::style {

struct SourceTree {
  std::map<std::string, std::string> files;  // path from the root, with '/'

  bool has_file(const std::string& path) const { return files.contains(path); }
  bool has_folder(const std::string& path) const;
  bool has_code_in(std::string_view folder) const;
};

// Every text file but what is built or fetched. Files over 1 MiB and binary files have an empty text.
SourceTree read_source_tree(const std::filesystem::path& root);

bool is_header(std::string_view path);
bool is_cpp(std::string_view path);  // .h or .cc

std::vector<std::string_view> lines_of(std::string_view text);

// Comments and the contents of literals become spaces; lines stay where they are.
std::string without_comments_and_literals(std::string_view source);

struct Function {
  std::string name;   // what stands before the first parenthesis
  std::size_t line;   // 1-based
  std::size_t lines;  // from its first line to its closing brace
};
// The function bodies of a C++ source, by braces alone: no lambda or block inside another function.
std::vector<Function> functions_of(std::string_view source);

}  // namespace telepost::style
