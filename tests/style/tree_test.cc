// The guard over the real tree. What to do about a finding stands in it; the rules are in tests/style/rules.h.
#include <gtest/gtest.h>

#include <ostream>

#include "tests/style/checks.h"

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
};
void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.name; }
constexpr Rule kRules[] = {
    {"TheRootHoldsWhatItShould", check_root},
    {"IncludesGoDownTheLadder", check_ladder},
    {"ForeignLibrariesStayInTheirRoom", check_libraries},
    {"NamesSaySomething", check_names},
    {"NoBannedTextStandsInTheSources", check_banned_texts},
    {"FilesAndFunctionsStaySmall", check_sizes},
    {"MainsAreThin", check_mains},
    {"HeadersAreIncludedOnce", check_headers},
    {"FoldersTellWhatLivesInThem", check_folder_readmes},
    {"PathsOfTheReadmeExist", check_readme_paths},
    {"CommandsOfTheReadmeExist", check_readme_commands},
    {"TheNineStopsOfTheReadmeExist", check_nine_stops},
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
  Findings all;
  for (const Rule& rule : kRules) {
    for (Finding& finding : rule.check(tree())) all.push_back(std::move(finding));
  }
  for (const Finding& finding : without_allowed(all, tree().files.at("tests/style/allowed.txt"))) {
    bool of_the_list = finding.text.find("allowed.txt") != std::string::npos;
    EXPECT_FALSE(of_the_list) << to_string(finding);
  }
}

}  // namespace
}  // namespace telepost::style
