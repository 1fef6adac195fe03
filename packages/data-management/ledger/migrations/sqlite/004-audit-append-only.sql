-- Records of the audit are only ever added: who has something to hide shall not do it through this program.

create trigger audit_not_changed before update on audit begin
  select raise(abort, 'records of the audit are not changed');
end;

create trigger audit_not_removed before delete on audit begin
  select raise(abort, 'records of the audit are not removed');
end;
