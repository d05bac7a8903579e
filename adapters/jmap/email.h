// Email (RFC 8621 section 4): what an email is made of and what a client wants of it, and the methods.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/jmap/call.h"
#include "adapters/jmap/email_body.h"
#include "schema/message.h"

namespace telepost::adapters::jmap {

// The bytes of one email, stored or in a blob, each read when it is asked for first.
class EmailContent {
 public:
  virtual ~EmailContent() = default;
  virtual const BlobId& blob() const = 0;
  virtual Result<const HeaderFields*> header() = 0;
  virtual Result<const schema::Part*> root() = 0;
  virtual Result<std::string> preview() = 0;
  virtual Result<std::string> read(schema::ByteRange range) = 0;
};

// Which properties (section 4.2).
struct EmailWanted {
  Names properties;  // without those of a header
  HeaderProperties headers;
  BodyWanted body;
  bool wants(std::string_view property) const { return properties.contains(property); }
};
bool is_email_property(std::string_view name);
// `asked`: none for the default, which differs between Email/get and Email/parse.
EmailWanted email_wanted(const std::optional<Names>& asked, const Names& by_default, BodyWanted body);
const Names& email_properties_of_get();
const Names& email_properties_of_parse();

// Puts what of the content is wanted into json.
Result<void> add_content(Json& json, EmailContent& content, const EmailWanted& wanted, ValueBudget& budget);

Method get_emails, email_changes, query_emails, email_query_changes, set_emails, import_emails, parse_emails;
Method get_search_snippets, get_threads, thread_changes;

}  // namespace telepost::adapters::jmap
