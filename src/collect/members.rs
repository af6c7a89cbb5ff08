//! Answers that must hold a member which the SDK would otherwise fill in.
//!
//! Where the API model calls a list or a number required, the SDK puts an empty list or a zero in place of what was not sent. An answer to another
//! question would then look like "there is nothing". Calls whose lists are declared that way are sent with [`Holds`].

use std::collections::BTreeMap;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde::de::IgnoredAny;

/// Refuses a successful answer that lacks this member: JSON whose outermost object has no such key, XML without any such element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holds(pub(crate) &'static str);

impl Intercept for Holds {
    fn name(&self) -> &'static str {
        "Holds"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        if !response.status().is_success() {
            return Ok(());
        }
        // The layer below has read the whole body, so it lies in memory.
        let body = response.body().bytes().unwrap_or_default();
        let held = if body.trim_ascii_start().starts_with(b"<") {
            has_element(&String::from_utf8_lossy(body), self.0)
        } else {
            serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(body)?.contains_key(self.0)
        };
        if held { Ok(()) } else { Err(format!("the answer holds no {}", self.0).into()) }
    }
}

fn has_element(xml: &str, name: &str) -> bool {
    let mut starts = xml.split('<').skip(1);
    starts.any(|start| start.strip_prefix(name).is_some_and(|rest| rest.starts_with(['>', '/']) || rest.starts_with(char::is_whitespace)))
}

/// Refuses a successful JSON answer with a list of which one lacks a member. The list itself may be missing; that is noticed elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HoldsEach(pub(crate) &'static str, pub(crate) &'static str);

impl Intercept for HoldsEach {
    fn name(&self) -> &'static str {
        "HoldsEach"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Self(list, member) = self;
        let response = context.response();
        if !response.status().is_success() {
            return Ok(());
        }
        let answer: serde_json::Value = serde_json::from_slice(response.body().bytes().unwrap_or_default())?;
        let lacks = answer[list].as_array().into_iter().flatten().any(|one| one.get(member).is_none());
        if lacks { Err(format!("one of {list} in the answer holds no {member}").into()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::error::one_line;
    use crate::collect::testing::{self, Reply};

    #[tokio::test]
    async fn an_answer_without_the_member_is_an_error_though_the_sdk_would_fill_it_in() {
        for (body, plans) in [
            (r#"{"RestoreTestingPlans":[]}"#, Ok(0)),
            ("{}", Err("the answer holds no RestoreTestingPlans")),
            (r#"{"Frameworks":[]}"#, Err("the answer holds no RestoreTestingPlans")),
            (r#"{"Frameworks":{"RestoreTestingPlans":[]}}"#, Err("the answer holds no RestoreTestingPlans")),
            ("[]", Err("is neither JSON nor XML")),
        ] {
            let door = testing::door([Reply::ok("ListRestoreTestingPlans", body).forever()]);
            let request = door.backup().list_restore_testing_plans().customize().interceptor(Holds("RestoreTestingPlans"));
            let answer = request.send().await.map(|answer| answer.restore_testing_plans.len());
            let answer = answer.map_err(|error| one_line(&crate::collect::error::causes(&error)));
            match plans {
                Ok(plans) => assert_eq!(answer, Ok(plans)),
                Err(text) => assert!(answer.as_ref().is_err_and(|error| error.contains(text)), "{body}: {answer:?}"),
            }
        }
    }

    #[test]
    fn elements_of_xml_count_whatever_is_in_them() {
        for (xml, has) in [
            ("<T><TagSet/></T>", true),
            ("<T><TagSet ><Tag/></TagSet ></T>", true),
            ("<T/>", false),
            ("<T><TagSets/></T>", false),
            ("<T>TagSet</T>", false),
        ] {
            assert_eq!(has_element(xml, "TagSet"), has, "{xml}");
        }
    }

    #[tokio::test]
    async fn a_refusal_stays_what_it_is() {
        let door = testing::door([Reply::denied("ListRestoreTestingPlans")]);
        let request = door.backup().list_restore_testing_plans().customize().interceptor(Holds("RestoreTestingPlans"));
        let error = crate::collect::ReadError::from_sdk("ListRestoreTestingPlans", request.send().await.expect_err("it is denied"));
        assert_eq!(error.status, crate::dataset::ReadStatus::Denied);
    }
}
