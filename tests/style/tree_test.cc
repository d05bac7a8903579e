// The guard over the real tree. What to do about a finding stands in it; the rules are in tests/style/rules.h.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>

#include "tests/style/checks.h"
#include "tests/style/rules.h"

namespace telepost::style {
namespace {

const SourceTree& tree() {
  static const SourceTree kTree = read_source_tree(TELEPOST_SOURCE_DIR);
  return kTree;
}

using Check = Findings (*)(const SourceTree&);
struct Rule {
  const char* name;  // of the test
  Check check;
  Names columns;     // the first columns that its findings have in allowed.txt
};
void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.name; }
const Rule kRules[] = {
    {"TheRootHoldsWhatItShould", check_root, {"root"}},
    {"IncludesGoDownTheLadder", check_ladder, {"ladder"}},
    {"ForeignLibrariesStayInTheirRoom", check_libraries, {"library"}},
    {"NamesSaySomething", check_names, {"name"}},
    {"NoBannedTextStandsInTheSources", check_banned_texts, {"sleep", "unfinished", "skipped", "machine"}},
    {"FilesAndFunctionsStaySmall", check_sizes, {"size"}},
    {"MainsAreThin", check_mains, {"main"}},
    {"HeadersAreIncludedOnce", check_headers, {"header"}},
    {"FoldersTellWhatLivesInThem", check_folder_readmes, {"readme"}},
    {"PathsOfTheReadmeExist", check_readme_paths, {"readme"}},
    {"CommandsOfTheReadmeExist", check_readme_commands, {"readme"}},
    {"TheNineStopsOfTheReadmeExist", check_nine_stops, {"stops"}},
};

class Style : public testing::TestWithParam<Rule> {};

// Whether an exception is still needed shows only over all rules: the last test asks.
TEST_P(Style, Tree) {
  std::string allowed = tree().files.at("tests/style/allowed.txt");
  for (const Finding& finding : without_allowed(GetParam().check(tree()), allowed)) {
    if (finding.text.find("nothing needs this entry") == std::string::npos) ADD_FAILURE() << to_string(finding);
  }
}
INSTANTIATE_TEST_SUITE_P(Rules, Style, testing::ValuesIn(kRules), [](const auto& rule) { return rule.param.name; });

TEST(StyleExceptions, EveryExceptionIsNeededAndHasAReason) {
  const std::string& allowed = tree().files.at("tests/style/allowed.txt");
  const auto is_excepted_from = [&](std::string_view column) { return ("\n" + allowed).find("\n" + std::string(column) + " ") != std::string::npos; };
  Findings all;
  for (const Rule& rule : kRules) {
    if (std::none_of(rule.columns.begin(), rule.columns.end(), is_excepted_from)) continue;
    for (Finding& finding : rule.check(tree())) all.push_back(std::move(finding));
  }
  for (const Finding& finding : without_allowed(all, allowed)) {
    bool of_the_list = finding.text.find("allowed.txt") != std::string::npos;
    EXPECT_FALSE(of_the_list) << to_string(finding);
  }
}

}  // namespace
}  // namespace telepost::style
