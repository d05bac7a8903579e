// An annotation's XML: the same schema and the same rules as a document's (schema/document.h).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/message.h"

namespace telepost::schema {

std::string write_annotation(const Annotation& annotation);
Result<Annotation> read_annotation(std::string_view xml);  // errors as read_document

}  // namespace telepost::schema
