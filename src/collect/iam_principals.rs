//! Who can act in an account, and the policies that let them: one row per user, group and role, and one per policy document.
//!
//! Calls `GetAccountAuthorizationDetails`, which has everything in one list. Of managed policies only the version in force is kept, and of those that
//! AWS manages only the ones that somebody has. It asks for no access key, no password and no credential report, and copies none.
//!
//! Read once an account. Key of `iam_principals`: `principal_arn`; of `iam_policies`: `owner_arn` and `policy_name`, because an inline policy has no
//! ARN and belongs to a principal. What a policy allows is not decided here: conditions, boundaries, the policies of the organization and those of
//! the resource take part.
//!
//! Source: AWS Identity and Access Management API Reference, `GetAccountAuthorizationDetails`.

use async_trait::async_trait;
use aws_sdk_iam::operation::get_account_authorization_details::GetAccountAuthorizationDetailsOutput as Page;
use aws_sdk_iam::types::{
    AttachedPermissionsBoundary, AttachedPolicy, GroupDetail, ManagedPolicyDetail, PolicyDetail, RoleDetail, Tag, UserDetail,
};
use percent_encoding::percent_decode_str;

use super::collector::{Collector, Harvest, Operation, ReadError, Unit};
use super::door::RegionDoor;
use super::fields::{self, list, millis};
use super::pages::{Pages, answered, unreadable};
use crate::dataset::rows::{Json, Row};
use crate::dataset::{Table, TableKind};
use crate::model::Arn;

crate::rows! {
    /// A user, group or role.
    pub struct IamPrincipalRow {
        /// ARN of the user, group or role
        principal_arn: Text, Never, "Arn";
        /// `user`, `group` or `role`
        principal_kind: Text, Never, "the list it stands in";
        /// Name
        principal_name: Text, NotTold, "UserName, GroupName or RoleName";
        /// Id that no other principal ever has
        principal_id: Text, NotTold, "UserId, GroupId or RoleId";
        /// Path
        path: Text, NotTold, "Path";
        /// Whether a service owns the role
        is_service_linked: Boolean, NotTold, "Path begins with /aws-service-role/";
        /// Who may take on the role, keys sorted
        trust_policy: Json, Means("not a role"), "AssumeRolePolicyDocument";
        /// ARNs of managed policies
        attached_policy_arns: Json, NotTold, "AttachedManagedPolicies";
        /// Names of inline policies
        inline_policy_names: Json, NotTold, "UserPolicyList, GroupPolicyList or RolePolicyList";
        /// Names of the groups of a user
        group_names: Json, NotTold, "GroupList";
        /// Policy that bounds what the others allow
        permissions_boundary_arn: Text, Means("no boundary"), "PermissionsBoundary.PermissionsBoundaryArn";
        /// When it was created
        create_date: Time, NotTold, "CreateDate";
        /// When the role was last used
        last_used_date: Time, Means("not used in the time that IAM looks back, or not a role"), "RoleLastUsed.LastUsedDate";
        /// Region in which the role was last used
        last_used_region: Text, Means("not used in the time that IAM looks back, or not a role"), "RoleLastUsed.Region";
        /// Tags as an object; groups have none
        tags: Json, NotTold, "Tags";
    }
}

crate::rows! {
    /// A policy document.
    pub struct IamPolicyRow {
        /// ARN of the managed policy, or of the principal that an inline policy belongs to
        owner_arn: Text, Never, "Arn of the policy, user, group or role";
        /// Name of the policy
        policy_name: Text, Never, "PolicyName";
        /// `customer`, `aws` or `inline`
        policy_kind: Text, Never, "account in the ARN, or the list it stands in";
        /// Document, keys sorted
        document: Json, Never, "Document of the default version, or PolicyDocument";
        /// Version in force
        default_version_id: Text, Means("an inline policy"), "DefaultVersionId";
        /// Principals that the policy is attached to
        attachment_count: Integer, NotTold, "AttachmentCount";
        /// Principals that the policy bounds
        permissions_boundary_usage_count: Integer, NotTold, "PermissionsBoundaryUsageCount";
        /// When the policy was created
        create_date: Time, NotTold, "CreateDate";
        /// When its newest version was made
        update_date: Time, NotTold, "UpdateDate";
    }
}

/// The users, groups and roles of an account.
pub static PRINCIPALS: Table = Table {
    name: "iam_principals",
    kind: TableKind::State,
    doc: "One row for each IAM user, group and role.",
    columns: IamPrincipalRow::COLUMNS,
    key: &["principal_arn"],
    parent: None,
    created: None,
    global: true,
    subject: None,
};

/// The policy documents of an account.
pub static POLICIES: Table = Table {
    name: "iam_policies",
    kind: TableKind::State,
    doc: "One row for each IAM policy document in force: the account's own, those of AWS that somebody has, and inline ones.",
    columns: IamPolicyRow::COLUMNS,
    key: &["owner_arn", "policy_name"],
    parent: None,
    created: None,
    global: true,
    subject: None,
};

const GET: Operation = Operation { service: "iam", name: "GetAccountAuthorizationDetails", action: "iam:GetAccountAuthorizationDetails" };

/// Reads [`PRINCIPALS`] and [`POLICIES`].
pub(crate) struct IamPrincipals;

#[async_trait]
impl Collector for IamPrincipals {
    fn tables(&self) -> &'static [&'static Table] {
        const { &[&PRINCIPALS, &POLICIES] }
    }

    fn operations(&self) -> &'static [Operation] {
        &[GET]
    }

    async fn collect(&self, door: &RegionDoor, _unit: &Unit, harvest: &mut Harvest) -> Result<(), ReadError> {
        let mut pages = Pages::of(GET.name);
        while pages.more() {
            let request = door.iam().get_account_authorization_details().max_items(1_000).set_marker(pages.token());
            let page = request.send().await.map_err(|error| ReadError::from_sdk(GET.name, error))?;
            let marker = page.marker.clone();
            if page.is_truncated && marker.is_none() {
                return Err(unreadable(GET.name, "the answer is cut and does not say how to go on"));
            }
            keep(page, harvest)?;
            pages.follow(marker)?;
        }
        Ok(())
    }
}

/// Makes rows of a page, which has all four lists, most of them empty.
fn keep(page: Page, harvest: &mut Harvest) -> Result<(), ReadError> {
    let users = answered(GET.name, "UserDetailList", page.user_detail_list)?;
    let groups = answered(GET.name, "GroupDetailList", page.group_detail_list)?;
    let roles = answered(GET.name, "RoleDetailList", page.role_detail_list)?;
    let policies = answered(GET.name, "Policies", page.policies)?;
    harvest.page(users.len() + groups.len() + roles.len() + policies.len());
    for detail in users {
        user(detail, harvest);
    }
    for detail in groups {
        group(detail, harvest);
    }
    for detail in roles {
        role(detail, harvest);
    }
    for detail in policies {
        managed(detail, harvest);
    }
    Ok(())
}

fn user(user: UserDetail, harvest: &mut Harvest) {
    inline(user.arn.as_deref(), user.user_policy_list.as_deref(), harvest);
    let row = IamPrincipalRow {
        principal_arn: user.arn,
        principal_kind: Some("user".to_owned()),
        principal_name: user.user_name,
        principal_id: user.user_id,
        is_service_linked: Some(false),
        path: user.path,
        attached_policy_arns: arns(user.attached_managed_policies),
        inline_policy_names: names(user.user_policy_list),
        group_names: list(user.group_list),
        permissions_boundary_arn: boundary(user.permissions_boundary),
        create_date: millis(user.create_date),
        tags: tags(user.tags),
        ..IamPrincipalRow::default()
    };
    harvest.push(&PRINCIPALS, row);
}

fn group(group: GroupDetail, harvest: &mut Harvest) {
    inline(group.arn.as_deref(), group.group_policy_list.as_deref(), harvest);
    let row = IamPrincipalRow {
        principal_arn: group.arn,
        principal_kind: Some("group".to_owned()),
        principal_name: group.group_name,
        principal_id: group.group_id,
        is_service_linked: Some(false),
        path: group.path,
        attached_policy_arns: arns(group.attached_managed_policies),
        inline_policy_names: names(group.group_policy_list),
        create_date: millis(group.create_date),
        ..IamPrincipalRow::default()
    };
    harvest.push(&PRINCIPALS, row);
}

fn role(role: RoleDetail, harvest: &mut Harvest) {
    inline(role.arn.as_deref(), role.role_policy_list.as_deref(), harvest);
    let Some(trust_policy) = role.assume_role_policy_document.as_deref().and_then(document) else {
        return harvest.refuse(format!("{}: a role without a trust policy that is JSON", GET.name));
    };
    let (last_used_date, last_used_region) = role.role_last_used.map(|used| (used.last_used_date, used.region)).unwrap_or_default();
    let row = IamPrincipalRow {
        principal_arn: role.arn,
        principal_kind: Some("role".to_owned()),
        principal_name: role.role_name,
        principal_id: role.role_id,
        is_service_linked: role.path.as_deref().map(|path| path.starts_with("/aws-service-role/")),
        path: role.path,
        trust_policy: Some(trust_policy),
        attached_policy_arns: arns(role.attached_managed_policies),
        inline_policy_names: names(role.role_policy_list),
        permissions_boundary_arn: boundary(role.permissions_boundary),
        create_date: millis(role.create_date),
        last_used_date: millis(last_used_date),
        last_used_region,
        tags: tags(role.tags),
        ..IamPrincipalRow::default()
    };
    harvest.push(&PRINCIPALS, row);
}

/// A policy of the account, or one of AWS that somebody has; AWS has more than a thousand that nobody here uses.
fn managed(policy: ManagedPolicyDetail, harvest: &mut Harvest) {
    let of_aws = policy.arn.as_deref().and_then(Arn::parse).is_some_and(|arn| arn.account == "aws");
    let unused = policy.attachment_count == Some(0) && policy.permissions_boundary_usage_count.unwrap_or(0) == 0;
    if of_aws && unused {
        return;
    }
    let in_force = policy.policy_version_list.into_iter().flatten().find(|version| version.is_default_version);
    let Some(document) = in_force.and_then(|version| version.document).as_deref().and_then(document) else {
        return harvest.refuse(format!("{}: a policy without a version in force that is JSON", GET.name));
    };
    let row = IamPolicyRow {
        owner_arn: policy.arn,
        policy_name: policy.policy_name,
        policy_kind: Some(if of_aws { "aws" } else { "customer" }.to_owned()),
        document: Some(document),
        default_version_id: policy.default_version_id,
        attachment_count: policy.attachment_count.map(i64::from),
        permissions_boundary_usage_count: policy.permissions_boundary_usage_count.map(i64::from),
        create_date: millis(policy.create_date),
        update_date: millis(policy.update_date),
    };
    harvest.push(&POLICIES, row);
}

/// The inline policies of a principal.
fn inline(owner_arn: Option<&str>, policies: Option<&[PolicyDetail]>, harvest: &mut Harvest) {
    for policy in policies.unwrap_or_default() {
        let Some(document) = policy.policy_document.as_deref().and_then(document) else {
            harvest.refuse(format!("{}: an inline policy that is not JSON", GET.name));
            continue;
        };
        let row = IamPolicyRow {
            owner_arn: owner_arn.map(str::to_owned),
            policy_name: policy.policy_name.clone(),
            policy_kind: Some("inline".to_owned()),
            document: Some(document),
            ..IamPolicyRow::default()
        };
        harvest.push(&POLICIES, row);
    }
}

/// A document as IAM sends it: JSON, encoded as in a URL.
fn document(encoded: &str) -> Option<Json> {
    let text = percent_decode_str(encoded).decode_utf8().ok()?;
    serde_json::from_str(&text).ok().map(fields::json)
}

/// The ARNs of managed policies, sorted; NULL if one came without.
fn arns(policies: Option<Vec<AttachedPolicy>>) -> Option<Json> {
    sorted(policies?.into_iter().map(|policy| policy.policy_arn).collect())
}

fn names(policies: Option<Vec<PolicyDetail>>) -> Option<Json> {
    sorted(policies?.into_iter().map(|policy| policy.policy_name).collect())
}

fn sorted(texts: Option<Vec<String>>) -> Option<Json> {
    let mut texts = texts?;
    texts.sort_unstable();
    list(Some(texts))
}

fn boundary(boundary: Option<AttachedPermissionsBoundary>) -> Option<String> {
    boundary.and_then(|boundary| boundary.permissions_boundary_arn)
}

fn tags(list: Option<Vec<Tag>>) -> Option<Json> {
    fields::tags(list.map(|tags| tags.into_iter().map(|tag| (fields::required(tag.key), Some(tag.value)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::test_reads::{rds as xml, rds_denied, read};
    use crate::dataset::ReadStatus;
    use crate::dataset::rows::Millis;

    const ANYBODY: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D";
    const PLAIN: &str = r#"{"Statement":[],"Version":"2012-10-17"}"#;

    /// A page of the four lists.
    fn page(users: &str, groups: &str, roles: &str, policies: &str, end: &str) -> String {
        format!(
            "<UserDetailList>{users}</UserDetailList><GroupDetailList>{groups}</GroupDetailList>\
             <RoleDetailList>{roles}</RoleDetailList><Policies>{policies}</Policies>{end}"
        )
    }

    fn policy(arn: &str, counts: &str, versions: &str) -> String {
        format!("<member><Arn>{arn}</Arn><PolicyName>p</PolicyName>{counts}<PolicyVersionList>{versions}</PolicyVersionList></member>")
    }

    fn version(id: &str, is_default: bool, document: &str) -> String {
        format!(
            "<member><VersionId>{id}</VersionId><IsDefaultVersion>{is_default}</IsDefaultVersion><Document>{document}</Document></member>"
        )
    }

    async fn collected(page: String) -> (Vec<IamPrincipalRow>, Vec<IamPolicyRow>, usize) {
        let (result, mut harvest) = read(&IamPrincipals, &Unit::REGION, [xml(GET.name, &page)]).await;
        result.unwrap();
        (harvest.take(&PRINCIPALS).rows(), harvest.take(&POLICIES).rows(), harvest.refused().len())
    }

    #[tokio::test]
    async fn pages_become_rows_and_what_is_not_sent_stays_null() {
        let role = format!(
            "<member><Arn>arn:aws:iam::111122223333:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup</Arn>\
             <Path>/aws-service-role/backup.amazonaws.com/</Path><AssumeRolePolicyDocument>{ANYBODY}</AssumeRolePolicyDocument>\
             <AttachedManagedPolicies><member><PolicyArn>b</PolicyArn></member><member><PolicyArn>a</PolicyArn></member></AttachedManagedPolicies>\
             <RoleLastUsed><LastUsedDate>2026-11-01T00:00:00Z</LastUsedDate><Region>eu-west-1</Region></RoleLastUsed><RolePolicyList/>\
             <Tags><member><Key>team</Key><Value/></member></Tags></member>"
        );
        let user = format!(
            "<member><Arn>arn:aws:iam::111122223333:user/ana</Arn><UserName>ana</UserName><GroupList><member>ops</member></GroupList>\
             <UserPolicyList><member><PolicyName>mine</PolicyName><PolicyDocument>{ANYBODY}</PolicyDocument></member></UserPolicyList>\
             <PermissionsBoundary><PermissionsBoundaryArn>arn:aws:iam::111122223333:policy/edge</PermissionsBoundaryArn>\
             </PermissionsBoundary></member>"
        );
        let replies = [
            xml(GET.name, &page("", "", &role, "", "<IsTruncated>true</IsTruncated><Marker>2</Marker>")).containing("MaxItems=1000"),
            xml(GET.name, &page(&user, "<member><Arn>arn:aws:iam::111122223333:group/ops</Arn></member>", "", "", ""))
                .containing("Marker=2"),
        ];
        let (result, mut harvest) = read(&IamPrincipals, &Unit::REGION, replies).await;
        result.unwrap();
        assert_eq!((harvest.pages(), harvest.items()), (2, 3));
        let rows: Vec<IamPrincipalRow> = harvest.take(&PRINCIPALS).rows();
        let json = |json: &Option<Json>| json.clone().map(|json| json.0);
        assert_eq!((json(&rows[0].trust_policy).as_deref(), rows[0].is_service_linked), (Some(PLAIN), Some(true)));
        assert_eq!(json(&rows[0].attached_policy_arns).as_deref(), Some(r#"["a","b"]"#), "whatever order AWS has");
        assert_eq!((json(&rows[0].inline_policy_names).as_deref(), json(&rows[0].tags).as_deref()), (Some("[]"), Some(r#"{"team":""}"#)));
        assert_eq!((rows[0].last_used_date, rows[0].last_used_region.as_deref()), (Some(Millis(1_793_491_200_000)), Some("eu-west-1")));
        assert_eq!((rows[1].principal_kind.as_deref(), rows[1].is_service_linked), (Some("user"), Some(false)));
        assert_eq!((json(&rows[1].group_names).as_deref(), rows[1].trust_policy.is_none()), (Some(r#"["ops"]"#), true));
        assert_eq!(rows[1].permissions_boundary_arn.as_deref(), Some("arn:aws:iam::111122223333:policy/edge"));
        assert_eq!((rows[2].principal_kind.as_deref(), rows[2].attached_policy_arns.is_none()), (Some("group"), true));
        let inline: Vec<IamPolicyRow> = harvest.take(&POLICIES).rows();
        assert_eq!(inline[0].owner_arn.as_deref(), Some("arn:aws:iam::111122223333:user/ana"));
        assert_eq!((inline[0].policy_name.as_deref(), json(&inline[0].document).as_deref()), (Some("mine"), Some(PLAIN)));
    }

    #[tokio::test]
    async fn the_version_in_force_is_kept_and_what_nobody_has_of_aws_is_not() {
        let versions = format!("{}{}", version("v2", false, "%7B%7D"), version("v1", true, ANYBODY));
        let used = "<AttachmentCount>1</AttachmentCount>";
        let unused = "<AttachmentCount>0</AttachmentCount><PermissionsBoundaryUsageCount>0</PermissionsBoundaryUsageCount>";
        let edge = "<AttachmentCount>0</AttachmentCount><PermissionsBoundaryUsageCount>1</PermissionsBoundaryUsageCount>";
        let policies = [
            policy("arn:aws:iam::111122223333:policy/idle", unused, &versions),
            policy("arn:aws:iam::aws:policy/Used", used, &versions),
            policy("arn:aws:iam::aws:policy/Unused", unused, &versions),
            policy("arn:aws:iam::aws:policy/Edge", edge, &versions),
            policy("arn:aws:iam::aws:policy/Untold", "", &versions),
        ];
        let (_, rows, refused) = collected(page("", "", "", &policies.concat(), "")).await;
        let seen: Vec<_> = rows.iter().map(|row| (row.owner_arn.as_deref().unwrap(), row.policy_kind.as_deref().unwrap())).collect();
        assert_eq!(
            seen,
            [
                ("arn:aws:iam::111122223333:policy/idle", "customer"),
                ("arn:aws:iam::aws:policy/Used", "aws"),
                ("arn:aws:iam::aws:policy/Edge", "aws"),
                ("arn:aws:iam::aws:policy/Untold", "aws"),
            ]
        );
        assert!(refused == 0 && rows.iter().all(|row| row.document.as_ref().is_some_and(|document| document.0 == PLAIN)));
    }

    #[tokio::test]
    async fn documents_that_cannot_be_read_make_the_read_partial() {
        let arn = "arn:aws:iam::111122223333:policy/a";
        let role = "<member><Arn>arn:aws:iam::111122223333:role/a</Arn><AssumeRolePolicyDocument>%7B</AssumeRolePolicyDocument></member>";
        let policies = [policy(arn, "", &version("v1", true, "%7B")), policy(arn, "", &version("v1", false, ANYBODY)), policy(arn, "", "")];
        let (principals, rows, refused) = collected(page("", "", role, &policies.concat(), "")).await;
        assert_eq!((principals.len(), rows.len(), refused), (0, 0, 2), "two reasons, the second of them twice or more");
    }

    #[tokio::test]
    async fn a_list_that_is_left_out_and_an_end_that_is_none_are_errors() {
        for (body, reason) in [
            ("<UserDetailList/><GroupDetailList/><Policies/>".to_owned(), "the answer holds no RoleDetailList"),
            (page("", "", "", "", "<IsTruncated>true</IsTruncated>"), "the answer is cut and does not say how to go on"),
        ] {
            let (result, _) = read(&IamPrincipals, &Unit::REGION, [xml(GET.name, &body)]).await;
            assert_eq!(result.unwrap_err().reason, reason);
        }
        let (result, _) = read(&IamPrincipals, &Unit::REGION, [rds_denied(GET.name)]).await;
        assert_eq!(result.unwrap_err().status, ReadStatus::Denied);
    }

    #[test]
    fn codes_of_urls_are_read_and_other_percent_signs_stay() {
        for (text, read) in [
            ("%7B%22a%22%3A%22b%22%7d", Some(r#"{"a":"b"}"#)),
            (r#"{"a":"50%"}"#, Some(r#"{"a":"50%"}"#)),
            (r#"{"a":"%zz%c3%a9"}"#, Some(r#"{"a":"%zzé"}"#)),
            (r#"{"a":"b+c"}"#, Some(r#"{"a":"b+c"}"#)),
            ("%22%ff%22", None),
            ("%7B", None),
        ] {
            assert_eq!(document(text).map(|json| json.0).as_deref(), read, "{text}");
        }
    }
}
