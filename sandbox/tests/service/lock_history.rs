//! The history of the draft lock.

use llmobs_sandbox::{Assumptions, OnConflict, Operation, Sandbox};

use crate::setup::{request, state};

#[tokio::test]
async fn the_lock_history_names_users_and_requests() {
    let sandbox = Sandbox::builder()
        .assumptions(Assumptions::default().lock_of_another(OnConflict::Allow))
        .start()
        .await
        .unwrap();
    let as_task = async |task: &str, user, operation| {
        let request = request(&sandbox, user, operation).header("user-agent", task);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(as_task("none yet", 0, Operation::Unlock).await, 200);
    assert_eq!(as_task("first", 0, Operation::Lock).await, 200);
    assert_eq!(as_task("second", 0, Operation::Lock).await, 200);
    assert_eq!(as_task("other user", 1, Operation::Unlock).await, 409);
    assert_eq!(as_task("other user", 1, Operation::Lock).await, 200);
    assert_eq!(as_task("other user", 1, Operation::Unlock).await, 200);
    assert_eq!(as_task("first", 0, Operation::Lock).await, 200);

    let requests = sandbox.requests();
    let ids: Vec<u64> = requests.iter().map(|it| it.id).collect();
    assert_eq!(ids, [0, 1, 2, 3, 4, 5, 6]);
    let task = |id: u64| {
        let request = &requests[usize::try_from(id).unwrap()];
        assert!(request.took_effect);
        let mut headers = request.headers.iter();
        let (_, task) = headers.find(|(name, _)| name == "user-agent").unwrap();
        task.as_str()
    };
    let history = state(&sandbox).lock_history;
    let seen: Vec<_> = history
        .iter()
        .map(|period| {
            (
                period.user == sandbox.users()[0].user.id,
                period.acquired_by.map(task),
                period.relocked_by.iter().copied().map(task).collect(),
                period.released_by.map(task),
            )
        })
        .collect();
    let expected: [(_, _, Vec<&str>, _); 3] = [
        (true, Some("first"), vec!["second"], Some("other user")),
        (false, Some("other user"), vec![], Some("other user")),
        (true, Some("first"), vec![], None),
    ];
    assert_eq!(seen, expected);
    assert_eq!(history[0].until, Some(history[1].from));
    assert!(history[1].from <= history[1].until.unwrap());
    assert_eq!(history[2].until, None);
    assert_eq!(requests[3].status, Some(409));
    assert!(!requests[3].took_effect);
}
