#include "tests/style/checks.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <regex>
#include <set>
#include <sstream>

#include "tests/style/rules.h"

namespace telepost::style {
namespace {

std::string_view top_folder(std::string_view path) { return path.substr(0, path.find('/')); }

bool starts_with_any(std::string_view path, const Names& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view each) { return path.starts_with(each); });
}

// "adapters/smtp/session.h" -> "adapters/smtp"; "" for a file right below adapters/ or elsewhere.
std::string_view adapter_of(std::string_view path) {
  if (!path.starts_with("adapters/")) return "";
  std::size_t end = path.find('/', sizeof "adapters/" - 1);
  return end == std::string_view::npos ? "" : path.substr(0, end);
}

struct Include {
  std::string header;
  std::size_t line;
  bool quoted;
};

std::vector<Include> includes_of(const std::string& text) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
  std::vector<Include> includes;
  std::size_t line = 0;
  for (std::string_view each : lines_of(text)) {
    ++line;
    std::cmatch match;
    if (each.find("include") != std::string_view::npos &&
        std::regex_match(each.data(), each.data() + each.size(), match, kInclude)) {
      includes.push_back({match[2], line, *match[1].first == '"'});
    }
  }
  return includes;
}

void for_each_include(const SourceTree& tree, const std::function<void(const std::string&, const Include&)>& visit) {
  for (const auto& [path, text] : tree.files) {
    if (!is_cpp(path)) continue;
    for (const Include& include : includes_of(text)) visit(path, include);
  }
}

const Rung* rung_of(std::string_view folder) {
  auto found = std::find_if(kLadder.begin(), kLadder.end(), [&](const Rung& rung) { return rung.folder == folder; });
  return found == kLadder.end() ? nullptr : &*found;
}

// Why `path` may not include `header`; "" if it may.
std::string ladder_fault(const std::string& path, const std::string& header) {
  std::string_view to = top_folder(header);
  if (rung_of(to) == nullptr && to != "tests") return "quoted includes start at the root of the tree";
  const Rung* from = rung_of(top_folder(path));
  if (from == nullptr) return "";
  if (std::find(from->may_include.begin(), from->may_include.end(), to) == from->may_include.end()) {
    return std::string(from->folder) + "/ may not include " + std::string(to) + "/";
  }
  std::string_view own = adapter_of(path), other = adapter_of(header);
  if (!other.empty() && !own.empty() && other != own && other != kSharedAdapter) {
    return "an adapter includes only itself and " + std::string(kSharedAdapter);
  }
  if (to == "store" && starts_with_any(path, kWithoutStore)) return "voice and fax reach the store by LMTP and JMAP";
  return "";
}

// "RocksdbEngine" -> rocksdb, engine; "message_writer" -> message, writer. Letters only, lower case.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < name.size(); ++i) {
    auto c = static_cast<unsigned char>(name[i]);
    bool starts_word = std::isupper(c) != 0 && i > 0 && std::islower(static_cast<unsigned char>(name[i - 1])) != 0;
    if (starts_word || std::isalpha(c) == 0) words.emplace_back();
    if (std::isalpha(c) != 0) words.back().push_back(static_cast<char>(std::tolower(c)));
  }
  return words;
}

bool is_protocol_word(std::string_view path, std::string_view word) {
  return std::any_of(kProtocolWords.begin(), kProtocolWords.end(), [&](const ProtocolWord& each) {
    return each.word == word && starts_with_any(path, each.files);
  });
}

// The first word of `name` that says nothing in `path`; "" if each says something.
std::string banned_word_in(std::string_view name, std::string_view path) {
  for (const std::string& word : words_of(name)) {
    for (std::string_view banned : kBannedWords) {
      bool is_banned = word == banned || word == std::string(banned) + "s";
      if (is_banned && !is_protocol_word(path, word)) return word;
    }
  }
  return "";
}

void check_type_names(const std::string& path, const std::string& text, Findings& findings) {
  static const std::regex kType(R"((?:class|struct|union|enum|concept|using)\s+(?:class\s+)?(?:\[\[\w+\]\]\s*)?([A-Z]\w*)\s*(?:final\s*)?(?:[:{=]|$))");
  std::size_t line = 0;
  std::string code = without_comments_and_literals(text);
  for (std::string_view each : lines_of(code)) {
    ++line;
    std::cmatch match;
    if (!std::regex_search(each.data(), each.data() + each.size(), match, kType)) continue;
    std::string name = match[1], word = banned_word_in(name, path);
    if (!word.empty()) findings.push_back({"name", path, line, name + ": '" + word + "' says nothing; name what it is"});
  }
}

std::size_t function_limit(const std::string& path, const Function& function) {
  return path.starts_with("tests/") && function.name.find("TEST") != std::string::npos ? kTestLines : kFunctionLines;
}

bool may_match(std::string_view text, const BannedText& banned) {
  return std::any_of(banned.words.begin(), banned.words.end(), [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

}  // namespace

std::string to_string(const Finding& finding) {
  std::string line = finding.line > 0 ? ":" + std::to_string(finding.line) : "";
  return finding.path + line + ": " + finding.text + " [" + finding.rule + "]";
}

Findings check_ladder(const SourceTree& tree) {
  Findings findings;
  for_each_include(tree, [&](const std::string& path, const Include& include) {
    std::string fault = include.quoted ? ladder_fault(path, include.header) : "";
    if (!fault.empty()) findings.push_back({"ladder", path, include.line, include.header + ": " + fault});
  });
  return findings;
}

Findings check_libraries(const SourceTree& tree) {
  Findings findings;
  for_each_include(tree, [&](const std::string& path, const Include& include) {
    for (const Library& library : kLibraries) {
      if (include.quoted || !include.header.starts_with(library.header)) continue;
      bool codec = include.header.starts_with(kNotInCodecs) && path.find("codec") != std::string::npos &&
                   path.starts_with("adapters/");
      if (codec || !starts_with_any(path, library.files)) {
        findings.push_back({"library", path, include.line, include.header + " belongs elsewhere; rules.h says where"});
      }
    }
  });
  return findings;
}

Findings check_names(const SourceTree& tree) {
  Findings findings;
  for (const auto& [path, text] : tree.files) {
    if (!is_cpp(path)) continue;
    std::string word = banned_word_in(path.substr(path.find('/') + 1), path);
    if (!word.empty()) findings.push_back({"name", path, 0, "'" + word + "' says nothing; name what the file holds"});
    check_type_names(path, text, findings);
  }
  return findings;
}

Findings check_banned_texts(const SourceTree& tree) {
  Findings findings;
  for (const BannedText& banned : kBannedTexts) {
    std::regex pattern{std::string(banned.pattern)};
    for (const auto& [path, text] : tree.files) {
      if (!path.starts_with(banned.folder) || (banned.rule == "sleep" && path.starts_with(kMaySleep))) continue;
      if (path.starts_with("tests/style/") || !may_match(text, banned)) continue;  // there such text is quoted
      std::size_t line = 0;
      for (std::string_view each : lines_of(text)) {
        ++line;
        if (each.size() < 2000 && may_match(each, banned) && std::regex_search(each.data(), each.data() + each.size(), pattern)) {
          findings.push_back({std::string(banned.rule), path, line, std::string(banned.why)});
        }
      }
    }
  }
  return findings;
}

Findings check_sizes(const SourceTree& tree) {
  Findings findings;
  for (const auto& [path, text] : tree.files) {
    if (!is_cpp(path)) continue;
    std::size_t lines = lines_of(text).size(), limit = is_header(path) ? kHeaderLines : kSourceLines;
    if (lines > limit) {
      findings.push_back({"size", path, 0, std::to_string(lines) + " lines, at most " + std::to_string(limit) +
                                               "; has it two jobs?"});
    }
    for (const Function& function : functions_of(text)) {
      if (function.lines <= function_limit(path, function)) continue;
      findings.push_back({"size", path, function.line, std::to_string(function.lines) + " lines in one function: " +
                                                           function.name});
    }
  }
  return findings;
}

Findings check_root(const SourceTree& tree) {
  Findings findings;
  for (const auto& [path, text] : tree.files) {
    const std::string_view name = std::string_view(path).substr(0, path.find('/'));
    if (name.starts_with('.') || std::find(kAtRoot.begin(), kAtRoot.end(), name) != kAtRoot.end()) continue;
    findings.push_back({"root", path, 0, "nothing else stands at the root: move it into a folder, or add it to kAtRoot and to the README with its reason"});
  }
  return findings;
}

Findings check_mains(const SourceTree& tree) {
  static const std::regex kMain(R"((^|\n)(extern "C" )?int main\()");
  Findings findings;
  for (const auto& [path, text] : tree.files) {
    if (!path.ends_with(".cc") || path.starts_with("tests/") || !std::regex_search(text, kMain)) continue;
    if (!path.starts_with("cli/")) findings.push_back({"main", path, 0, "every main() lives in cli/"});
    if (lines_of(text).size() > kMainLines) {
      findings.push_back({"main", path, 0, "a file with a main() has under 150 lines: its logic belongs where tests reach"});
    }
  }
  return findings;
}

Findings check_headers(const SourceTree& tree) {
  Findings findings;
  for (const auto& [path, text] : tree.files) {
    if (is_header(path) && text.find("#pragma once") == std::string::npos) {
      findings.push_back({"header", path, 0, "a header says #pragma once"});
    }
  }
  return findings;
}

Findings check_folder_readmes(const SourceTree& tree) {
  Findings findings;
  for (std::string_view folder : kFoldersWithReadme) {
    std::string readme = std::string(folder) + "/README.md";
    if (tree.has_code_in(folder) && !tree.has_file(readme)) {
      findings.push_back({"readme", readme, 0, "a folder with code tells in a README.md what lives in it"});
    }
  }
  return findings;
}

Findings without_allowed(Findings findings, const std::string& allowed) {
  Findings left;
  std::istringstream lines(allowed);
  std::set<std::pair<std::string, std::string>> entries, used;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::string rule, path, reason;
    words >> rule >> path >> reason;
    if (reason.empty()) left.push_back({rule, path, 0, "an entry of allowed.txt needs a reason"});
    entries.emplace(rule, path);
  }
  for (Finding& finding : findings) {
    std::pair<std::string, std::string> key(finding.rule, finding.path);
    if (entries.contains(key)) {
      used.insert(std::move(key));
    } else {
      left.push_back(std::move(finding));
    }
  }
  for (const auto& [rule, path] : entries) {
    if (!used.contains({rule, path})) left.push_back({rule, path, 0, "nothing needs this entry of allowed.txt any more"});
  }
  return left;
}

}  // namespace telepost::style
