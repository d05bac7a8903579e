// Authentication-Results (RFC 8601): writes ours, and knows the forged ones of others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace telepost::adapters::smtp::authentication {

// One "method=result (reason) ptype.property=value …".
struct MethodResult {
  struct Property {
    std::string_view name;  // "smtp.mailfrom"
    std::string value;      // what the peer wrote: quoted where it must be
  };
  std::string_view method;
  std::string_view result;
  std::string comment;  // for people; "" for none
  std::vector<Property> properties;  // an empty value is left out
};

// The whole field with CRLF, folded; "none" where nothing was checked (section 2.2). `forged`: how many fields that claimed to
// be ours were taken out of the message, which a comment tells.
std::string authentication_results(std::string_view authserv_id, const std::vector<MethodResult>& results, std::size_t forged);

// Whether a field of this value, named Authentication-Results, claims to come from us: its authserv-id is ours in any case, or
// the value is so broken that a reader might take it for ours (section 5).
bool claims_to_be_ours(std::string_view value, std::string_view authserv_id);

// Whether an (ARC-)Authentication-Results tells of dmarc=pass.
bool reports_dmarc_pass(std::string_view value);

// Without comments (RFC 5322 section 3.2.2), each of which leaves a space.
std::string without_comments(std::string_view text);

}  // namespace telepost::adapters::smtp::authentication
