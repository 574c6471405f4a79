//! The names that generated code gives to the parts of a document, as typify and progenitor make them.

use heck::{ToPascalCase as _, ToSnakeCase as _};

use crate::node::unescape;

/// The end of the name of the variant or type that holds the values which an enum of a response lists.
pub const KNOWN: &str = "Known";

/// The same for values that it doesn't list.
pub const UNKNOWN: &str = "Unknown";

/// The type of the schema with a name.
pub fn of_type(name: &str) -> String {
    name.to_pascal_case()
}

/// The field of a property.
pub fn of_field(property: &str) -> String {
    property.to_snake_case()
}

/// The method of an operation.
pub fn of_method(operation: &str) -> String {
    operation.to_snake_case()
}

/// The type of a schema within the schema with a name: its properties and items on the way are part of
/// the name. `way` is the rest of the JSON pointer, in segments.
pub fn of_inner_type<'s>(name: &str, way: impl IntoIterator<Item = &'s str>) -> String {
    let mut name = of_type(name);
    let mut way = way.into_iter();
    while let Some(segment) = way.next() {
        match segment {
            "properties" => name.extend(way.next().map(of_type)),
            "items" => name.push_str("Item"),
            _ => {}
        }
    }
    name
}

/// The type of the schema in `components/schemas` to which a JSON pointer leads, or within it.
pub fn of_type_at(pointer: &str) -> String {
    let segments: Vec<String> = pointer.split('/').skip(1).map(unescape).collect();
    let mut segments = segments.iter().map(String::as_str).skip(2);
    of_inner_type(segments.next().unwrap_or_default(), segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_types_are_named_after_the_way_to_them() {
        for (pointer, name) in [
            ("/components/schemas/LLMPet", "LlmPet"),
            (
                "/components/schemas/Pet/properties/home_town",
                "PetHomeTown",
            ),
            (
                "/components/schemas/Pet/properties/toys/items",
                "PetToysItem",
            ),
            ("/components/schemas/Pet/allOf/1/properties/a~1b", "PetAB"),
        ] {
            assert_eq!(of_type_at(pointer), name);
        }
        assert_eq!(of_field("homeTown"), "home_town");
        assert_eq!(of_method("LockLLMPet"), "lock_llm_pet");
    }
}
