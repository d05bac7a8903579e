#include "schema/class_of_service.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <vector>

#include "schema/quantity.h"
#include "schema/xml/grammar.h"
#include "schema/xml/reader.h"

namespace telepost::schema {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 20;
constexpr std::size_t kMaxFiles = 1000;

// The grammar has checked shape and spelling when an element ends up in the set: this takes the values.
class ClassReader final : public xml::Handler {
 public:
  Result<void> start(const xml::Element& element) override {
    xml::Attributes attributes(element);
    Result<void> read;
    if (element.name == "class") read = start_class(attributes);
    if (element.name == "quota") read = read_quota(attributes);
    if (element.name == "kind") read = read_kind(attributes);
    TELEPOST_TRY(std::move(read));
    return attributes.finish();
  }
  Result<void> text(std::string_view) override { return {}; }
  Result<void> end() override { return {}; }
  std::vector<ClassOfService>& classes() { return classes_; }

 private:
  Result<void> start_class(xml::Attributes& attributes) {
    classes_.emplace_back().name = attributes.take_required("name");
    kinds_seen_ = 0;
    return {};
  }

  Result<void> read_quota(xml::Attributes& attributes) {
    if (classes_.empty()) return {Errc::invalid, "<quota> stands outside of a <class>"};
    if (const auto text = attributes.take("bytes")) {
      TELEPOST_ASSIGN(classes_.back().quota_bytes, size_from(*text));
    }
    if (const auto text = attributes.take("messages")) {
      TELEPOST_ASSIGN(classes_.back().quota_messages, size_from(*text));
    }
    return {};
  }

  Result<void> read_kind(xml::Attributes& attributes) {
    if (classes_.empty()) return {Errc::invalid, "<kind> stands outside of a <class>"};
    TELEPOST_ASSIGN(const Kind kind, kind_from(attributes.take_required("name")));
    const unsigned bit = 1U << static_cast<unsigned>(kind);
    if ((kinds_seen_ & bit) != 0)
      return {Errc::invalid, "the class has two rules for " + std::string(name_of(kind))};
    kinds_seen_ |= bit;
    KindRule& rule = classes_.back().rule(kind);
    if (const auto text = attributes.take("allow")) rule.allow = *text == "true" || *text == "1";
    if (const auto text = attributes.take("max-size")) {
      TELEPOST_ASSIGN(rule.max_size_bytes, size_from(*text));
    }
    if (const auto text = attributes.take("retention")) {
      TELEPOST_ASSIGN(rule.retention, duration_from(*text));
      if (rule.retention->count() < 1000) return {Errc::invalid, "a retention is at least PT1S"};
    }
    return {};
  }

  std::vector<ClassOfService> classes_;
  unsigned kinds_seen_ = 0;
};

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.eof() && in.fail()) return {Errc::io, path.string() + ": cannot be read"};
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes) return {Errc::too_large, path.string() + ": larger than 1 MiB"};
  return text;
}

Result<std::vector<std::filesystem::path>> xml_files(const std::string& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".xml") files.push_back(at->path());
    if (files.size() > kMaxFiles) return {Errc::too_many, folder + ": more than 1000 files"};
  }
  if (error == std::errc::no_such_file_or_directory)
    return {Errc::not_found, folder + ": no such folder; see policies.path"};
  if (error) return {Errc::io, folder + ": " + error.message()};
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

ClassSet::ClassSet() {
  classes_[std::string(kStandardClass)].name = kStandardClass;
}

Result<void> ClassSet::add(ClassOfService service) {
  std::string name = service.name;
  if (name == kStandardClass && standard_is_built_in_) {
    standard_is_built_in_ = false;
    classes_[name] = std::move(service);
    return {};
  }
  if (!classes_.emplace(name, std::move(service)).second)
    return {Errc::exists, "the class '" + name + "' is defined twice"};
  return {};
}

const ClassOfService* ClassSet::find(std::string_view name) const {
  const auto found = classes_.find(name);
  return found == classes_.end() ? nullptr : &found->second;
}
const ClassOfService& ClassSet::standard() const {
  return *find(kStandardClass);
}

Result<void> read_classes(std::string_view xml, std::string_view name, ClassSet& into) {
  xml::Limits limits;
  limits.bytes = kMaxFileBytes;
  ClassReader reader;
  Result<void> result = xml::parse(xml, limits, reader, &xml::policy_grammar());
  for (ClassOfService& service : reader.classes()) {
    if (result.ok()) result = into.add(std::move(service));
  }
  if (!result.ok()) return {result.error().kind, std::string(name) + ": " + result.error().detail};
  return {};
}

Result<ClassSet> load_classes(const std::string& folder) {
  ClassSet set;
  if (folder.empty()) return set;
  TELEPOST_ASSIGN(const std::vector<std::filesystem::path> files, xml_files(folder));
  for (const std::filesystem::path& file : files) {
    TELEPOST_ASSIGN(const std::string text, read_file(file));
    TELEPOST_TRY(read_classes(text, file.string(), set));
  }
  return set;
}

}  // namespace telepost::schema
