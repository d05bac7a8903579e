// Classes of service: the named bundles of policies that domains, number ranges and accounts refer to, read
// from XML (schema/policy.xsd, namespace urn:telepost:policy:1). A class is one layer: what it does not state is asked of
// the next one (schema/effective_class.h).
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/class_rules.h"
#include "schema/class_setting_table.h"
#include "schema/class_settings.h"

namespace telepost::schema {

struct ClassOfService {
  std::string name;    // "subscriber" for a subscriber's own settings, which are no class
  std::string place;   // "gold.xml:3"; "" for what is built in
  ClassSettings settings;
  std::set<SettingKey> stated;  // of settings; the others ask the next layer
  ClassRules rules;
};

inline constexpr std::string_view kStandardClass =
    "standard";  // the default: asked last. Built in, without limits, unless a file defines it
inline constexpr std::string_view kSubscriberLayer = "subscriber";  // no class may be called so
inline constexpr std::size_t kMaxSubscriberSettings = 16u << 10;

// Immutable once made; share it by shared_ptr<const ClassSet> and swap that on reload.
class ClassSet {
 public:
  ClassSet();                                // the built-in class alone
  Result<void> add(ClassOfService service);  // exists: the name is taken by another file's class
  const ClassOfService* find(std::string_view name) const;
  const ClassOfService& standard() const;
  const std::map<std::string, ClassOfService, std::less<>>& all() const { return classes_; }

 private:
  std::map<std::string, ClassOfService, std::less<>> classes_;
  bool standard_is_built_in_ = true;
};

// One file's classes into the set, which an error leaves unusable. `name` stands in errors: "gold.xml: line
// 3, column 7: …".
Result<void> read_classes(std::string_view xml, std::string_view name, ClassSet& into);

// Every *.xml of the folder, by name; "" is the built-in class alone. An error (not_found, io, invalid,
// too_large, exists) leaves whatever set the caller had in force.
Result<ClassSet> load_classes(const std::string& folder);
Result<void> load_classes_of(const std::string& file, ClassSet& into);  // one file
// What no single class shows: invalid where a hard quota is below allocation x factor. load_classes() asks it too.
Result<void> check_classes(const ClassSet& classes);

// What a subscriber sets for the own account: <settings> with retention, notify and what else the schema lets it have. Errors:
// invalid with line and column, too_large.
Result<ClassOfService> read_subscriber_settings(std::string_view xml);

}  // namespace telepost::schema
