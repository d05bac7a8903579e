#include "schema/class_of_service.h"

#include <fstream>
#include <vector>

#include "schema/class_files.h"
#include "schema/class_reader.h"
#include "schema/class_remedies.h"
#include "schema/effective_class.h"
#include "schema/xml/grammar.h"

namespace telepost::schema {
namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 20;

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.eof() && in.fail()) return {Errc::io, path + ": cannot be read"};
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes) return {Errc::too_large, path + ": larger than 1 MiB"};
  return text;
}

Result<void> parse(std::string_view xml, const xml::Limits& limits, ClassReader& reader) {
  Result<void> parsed = xml::parse(xml, limits, reader, &xml::policy_grammar());
  if (parsed.ok()) return {};
  return {parsed.error().kind, parsed.error().detail + remedy_for(parsed.error().detail)};
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
    return {Errc::invalid, "another file defines the class '" + name + "' too; put both into one <class>"};
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
  ClassReader reader(name);
  Result<void> result = parse(xml, limits, reader);
  for (ClassOfService& service : reader.classes()) {
    const bool own = service.name == kSubscriberLayer;
    if (result.ok() && own) result = Error{Errc::invalid, "<settings> are a subscriber's own; classes stand in <policies>"};
    if (result.ok()) result = into.add(std::move(service));
  }
  if (!result.ok()) return {result.error().kind, std::string(name) + ": " + result.error().detail};
  return {};
}

Result<ClassOfService> read_subscriber_settings(std::string_view xml) {
  xml::Limits limits;
  limits.bytes = kMaxSubscriberSettings;
  ClassReader reader("");
  TELEPOST_TRY(parse(xml, limits, reader));
  if (reader.classes().size() != 1 || reader.classes()[0].name != kSubscriberLayer) {
    return {Errc::invalid, "line 1, column 1: a subscriber's own settings stand in <settings xmlns=\"urn:telepost:policy:1\">"};
  }
  return std::move(reader.classes()[0]);
}

Result<void> load_classes_of(const std::string& file, ClassSet& into) {
  TELEPOST_ASSIGN(const std::string text, read_file(file));
  return read_classes(text, file, into);
}

// An account over its allocation must be able to grow until archiving makes room; a quota in the way would refuse its mail.
Result<void> check_classes(const ClassSet& classes) {
  for (const auto& [name, service] : classes.all()) {
    const ClassSettings settings = resolve(classes, {nullptr, name, ""}).settings;
    if (!settings.quota.bytes || !settings.allocation.bytes) continue;
    const std::uint64_t needed = share_of(*settings.allocation.bytes, settings.allocation.factor_percent);
    if (*settings.quota.bytes >= needed) continue;
    return {Errc::invalid, service.place + ": the class '" + name + "' has a hard quota of " + std::to_string(*settings.quota.bytes) +
                               " bytes, below its allocation x factor of " + std::to_string(needed) +
                               ": it would be full before anything is archived; raise quota bytes or lower allocation bytes"};
  }
  return {};
}

Result<ClassSet> load_classes(const std::string& folder) {
  ClassSet set;
  TELEPOST_ASSIGN(const std::vector<std::string> files, class_files({folder}));
  for (const std::string& file : files) TELEPOST_TRY(load_classes_of(file, set));
  TELEPOST_TRY(check_classes(set));
  return set;
}

}  // namespace telepost::schema
