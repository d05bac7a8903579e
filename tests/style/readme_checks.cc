// What README.md promises exists: its paths, its commands, and the files and symbols of its nine stops.
#include <algorithm>
#include <regex>
#include <set>

#include "tests/style/checks.h"
#include "tests/style/rules.h"

namespace telepost::style {
namespace {

constexpr const char* kReadme = "README.md";
constexpr std::size_t kStops = 9;

struct Span {
  std::string text;
  std::size_t line;
};

std::vector<Span> matches_of(const std::string& text, const std::regex& pattern) {
  std::vector<Span> spans;
  std::size_t line = 0;
  for (std::string_view each : lines_of(text)) {
    ++line;
    std::cregex_iterator end;
    for (std::cregex_iterator at(each.data(), each.data() + each.size(), pattern); at != end; ++at) {
      spans.push_back({(*at)[1], line});
    }
  }
  return spans;
}

// A path may leave out the .h and .cc of a pair: adapters/smtp/session.
bool exists(const SourceTree& tree, std::string path) {
  while (!path.empty() && (path.back() == '/' || path.back() == '.' || path.back() == ',')) path.pop_back();
  return tree.has_file(path) || tree.has_folder(path) || tree.has_file(path + ".h") || tree.has_file(path + ".cc");
}

bool is_symbol_in_sources(const SourceTree& tree, const std::string& name) {
  std::regex word("\\b" + name + "\\b");
  return std::any_of(tree.files.begin(), tree.files.end(), [&](const auto& file) {
    return is_cpp(file.first) && !file.first.starts_with("tests/") && file.second.find(name) != std::string::npos &&
           std::regex_search(file.second, word);
  });
}

// The section under a heading that holds `title`, up to the next heading of its own level or above; "" if none.
std::string section_of(const std::string& text, std::string_view title) {
  std::string section;
  std::size_t level = 0;
  for (std::string_view line : lines_of(text)) {
    std::size_t hashes = std::min(line.find_first_not_of('#'), line.size());
    if (level == 0) {
      if (hashes > 0 && line.find(title) != std::string_view::npos) level = hashes;
    } else if (hashes > 0 && hashes <= level) {
      break;
    } else {
      section.append(line).push_back('\n');
    }
  }
  return section;
}

// The strings that the command line knows: "word" in the sources that read arguments.
bool is_command_word(const SourceTree& tree, const std::string& word) {
  std::string literal = "\"" + word + "\"";
  return std::any_of(tree.files.begin(), tree.files.end(), [&](const auto& file) {
    bool reads_arguments = file.first.starts_with("cli/") || file.first.starts_with("adapters/admin/");
    return reads_arguments && is_cpp(file.first) && file.second.find(literal) != std::string::npos;
  });
}

Findings check_stop(const SourceTree& tree, const std::string& section) {
  static const std::regex kSpan(R"(`([^`]+)`)"), kPath(R"([a-z_0-9.-]+(/[a-z_0-9.-]+)+/?)");
  static const std::regex kSymbol(R"(([A-Za-z_]\w*::)*([A-Za-z_]\w*)(\(\))?)");
  Findings findings;
  for (const Span& span : matches_of(section, kSpan)) {
    std::smatch match;
    if (std::regex_match(span.text, kPath)) {
      if (!exists(tree, span.text)) findings.push_back({"stops", kReadme, 0, "no file " + span.text});
    } else if (std::regex_match(span.text, match, kSymbol) && !is_symbol_in_sources(tree, match[2])) {
      findings.push_back({"stops", kReadme, 0, "no symbol " + span.text + " in the sources"});
    }
  }
  return findings;
}

}  // namespace

Findings check_readme_paths(const SourceTree& tree) {
  auto readme = tree.files.find(kReadme);
  if (readme == tree.files.end()) return {{"readme", kReadme, 0, "it is missing"}};
  Findings findings;
  static const std::regex kLink(R"(\]\(([^)#:\s]+)(?:#[^)]*)?\))");
  static const std::regex kPath(
      R"((?:^|[\s`(=])((?:base|schema|transcoders|policies|store|adapters|portal|cli|tests|script|cmake|\.ci)/[A-Za-z0-9_./-]*))");
  for (const std::regex* pattern : {&kLink, &kPath}) {
    for (const Span& span : matches_of(readme->second, *pattern)) {
      if (!exists(tree, span.text)) findings.push_back({"readme", kReadme, span.line, "no file " + span.text});
    }
  }
  return findings;
}

Findings check_readme_commands(const SourceTree& tree) {
  auto readme = tree.files.find(kReadme);
  if (readme == tree.files.end()) return {};
  Findings findings;
  static const std::regex kVerb(R"((?:^|[`/\s])telepost ([a-z]+)(?=[\s`]|$))");
  static const std::regex kNoun(R"((?:^|[`/\s])telepost [a-z]+ ([a-z]+)(?=[\s`]|$))");
  static const std::set<std::string> kWithNouns = {"account", "mailbox", "message", "bench", "clock", "cdr", "store"};
  static const std::regex kCode(R"((`[^`]*telepost [^`]*`|^\s*(?:\$ |build/release/)?telepost .*$))");
  for (const Span& span : matches_of(readme->second, kCode)) {
    for (const Span& verb : matches_of(span.text, kVerb)) {
      if (!is_command_word(tree, verb.text)) {
        findings.push_back({"readme", kReadme, span.line, "no command telepost " + verb.text});
      }
      if (!kWithNouns.contains(verb.text)) continue;
      for (const Span& noun : matches_of(span.text, kNoun)) {
        if (!is_command_word(tree, noun.text)) {
          findings.push_back({"readme", kReadme, span.line, "no command telepost " + verb.text + " " + noun.text});
        }
      }
    }
  }
  return findings;
}

Findings check_nine_stops(const SourceTree& tree) {
  auto readme = tree.files.find(kReadme);
  if (readme == tree.files.end()) return {};
  std::string section = section_of(readme->second, kNineStops);
  static const std::regex kItem(R"(^(?:\s*|\| *)(\d+)(?:\.| *\|)\s)");
  Findings findings = check_stop(tree, section);
  if (std::size_t stops = matches_of(section, kItem).size(); stops != kStops) {
    findings.push_back({"stops", kReadme, 0,
                        "\"" + std::string(kNineStops) + "\" has " + std::to_string(stops) + " numbered stops"});
  }
  return findings;
}

}  // namespace telepost::style
