#include "tests/style/source_tree.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>

namespace telepost::style {
namespace {

constexpr std::uintmax_t kLargestText = 1u << 20;

bool is_left_out(const std::string& path, const std::string& name) {
  return path == ".git" || path == "build" || name == "node_modules" || name == "__pycache__" || name == "corpus" ||
         name == "golden";
}

std::string text_of(const std::filesystem::path& path) {
  if (std::filesystem::file_size(path) > kLargestText) return "";
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  return text.find('\0') == std::string::npos ? text : "";
}

// Where the literal or comment that starts at `at` ends; `at` if none starts there.
std::size_t end_of_opaque(std::string_view source, std::size_t at) {
  auto find_or_end = [&](std::string_view what, std::size_t from) {
    std::size_t found = source.find(what, from);
    return found == std::string_view::npos ? source.size() : found + what.size();
  };
  std::string_view rest = source.substr(at);
  if (rest.starts_with("//")) return std::min(source.size(), find_or_end("\n", at) - 1);
  if (rest.starts_with("/*")) return find_or_end("*/", at + 2);
  if (rest.starts_with("R\"")) {
    std::size_t open = source.find('(', at);
    return find_or_end(")" + std::string(source.substr(at + 2, open - at - 2)) + "\"", open);
  }
  bool digit_separator = at > 0 && rest[0] == '\'' && std::isalnum(static_cast<unsigned char>(source[at - 1])) != 0;
  if ((rest[0] != '"' && rest[0] != '\'') || digit_separator) return at;
  std::size_t end = at + 1;
  while (end < source.size() && source[end] != rest[0] && source[end] != '\n') end += source[end] == '\\' ? 2 : 1;
  return std::min(source.size(), end + 1);
}

// Collects what precedes a brace and decides what the brace opens.
class Scopes {
 public:
  void on_char(char c, std::size_t line) {
    if (initializer_ > 0) {
      initializer_ += c == '{' ? 1 : c == '}' ? -1 : 0;
    } else if (c == '{' && is_initializer()) {
      initializer_ = 1;
    } else if (c == '{') {
      open(line);
    } else if (c == '}') {
      close(line);
    } else if (c == ';') {
      head_.clear();
    } else if (!head_.empty() || std::isspace(static_cast<unsigned char>(c)) == 0) {
      if (head_.empty()) head_line_ = line;
      head_.push_back(c);
    }
  }
  std::vector<Function> found;

 private:
  // b_{b}: no space before the brace, where a body always has one.
  bool is_initializer() const {
    return !head_.empty() && (std::isalnum(static_cast<unsigned char>(head_.back())) != 0 || head_.back() == '_');
  }
  void open(std::size_t line) {
    static const std::regex kScope(R"(\b(namespace|class|struct|union|enum|extern)\b)");
    std::size_t parenthesis = head_.find('(');
    bool function = functions_ == 0 && parenthesis != std::string::npos &&
                    head_.find('=') > parenthesis && !std::regex_search(head_.substr(0, parenthesis), kScope);
    if (function) found.push_back({head_.substr(0, parenthesis), head_.empty() ? line : head_line_, 0});
    if (function || functions_ > 0) ++functions_;
    is_function_.push_back(function || functions_ > 0);
    head_.clear();
  }
  void close(std::size_t line) {
    head_.clear();
    if (is_function_.empty()) return;
    if (is_function_.back() && --functions_ == 0) found.back().lines = line - found.back().line + 1;
    is_function_.pop_back();
  }

  std::string head_;
  std::size_t head_line_ = 0;
  int initializer_ = 0;
  std::size_t functions_ = 0;  // braces open in and below the current function
  std::vector<bool> is_function_;
};

}  // namespace

bool SourceTree::has_folder(const std::string& path) const {
  auto first = files.lower_bound(path + "/");
  return first != files.end() && first->first.starts_with(path + "/");
}

bool SourceTree::has_code_in(std::string_view folder) const {
  return std::any_of(files.begin(), files.end(), [&](const auto& file) {
    static const std::regex kCode(R"(.*\.(h|cc|ts|tsx|js|py))");
    return file.first.starts_with(std::string(folder) + "/") && std::regex_match(file.first, kCode);
  });
}

SourceTree read_source_tree(const std::filesystem::path& root) {
  SourceTree tree;
  std::filesystem::recursive_directory_iterator end;
  for (std::filesystem::recursive_directory_iterator at(root); at != end; ++at) {
    std::string path = at->path().lexically_relative(root).generic_string();
    if (is_left_out(path, at->path().filename().string())) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file()) {
      tree.files[path] = text_of(at->path());
    }
  }
  return tree;
}

bool is_header(std::string_view path) { return path.ends_with(".h"); }
bool is_cpp(std::string_view path) { return is_header(path) || path.ends_with(".cc"); }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return lines;
}

std::string without_comments_and_literals(std::string_view source) {
  std::string out(source);
  for (std::size_t at = 0; at < source.size();) {
    std::size_t end = end_of_opaque(source, at);
    for (std::size_t i = at; i < end; ++i) {
      if (out[i] != '\n') out[i] = ' ';
    }
    at = std::max(end, at + 1);
  }
  return out;
}

std::vector<Function> functions_of(std::string_view source) {
  Scopes scopes;
  std::size_t line = 0;
  bool directive = false;  // goes on in the next line after a backslash
  std::string code = without_comments_and_literals(source);
  for (std::string_view text : lines_of(code)) {
    ++line;
    directive |= text.starts_with("#");
    bool skip = directive;
    directive &= text.ends_with("\\");
    if (skip) continue;
    for (char c : text) scopes.on_char(c, line);
    scopes.on_char(' ', line);
  }
  return scopes.found;
}

}  // namespace telepost::style
